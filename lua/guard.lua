-- Keeps a UDF inside its budget, and by default inside its sandbox.
--
-- An error that means "the time is up" is raised again wherever it could be caught, until it has reached the top.
-- Functions of Lua's library that could keep the interpreter busy without executing an instruction are replaced by
-- ones that look at the clock.

local native = ...
local check, exhausted, seen, text = native.check, native.exhausted, native.seen, native.text
local error, ipairs, math_type, rawget, rawset, select, type = error, ipairs, math.type, rawget, rawset, select, type
local find, gsub_text, gsub_next, sub = string.find, string.gsub, string.gsub_next, string.sub
local raw_getmetatable, tostring = getmetatable, tostring

-- What was caught: errors of Rust functions become strings, the end of the time becomes an error again.
local function settle(ok, ...)
  if ok then return true, ... end
  return false, seen((...))
end

local raw_pcall, raw_xpcall = pcall, xpcall

function pcall(...) return settle(raw_pcall(...)) end

function xpcall(f, handler, ...)
  local function handle(e)
    if exhausted() then return e end
    return handler(text(e))
  end
  return settle(raw_xpcall(f, handle, ...))
end

-- A new coroutine counts its instructions from zero: without a look at the clock here, coroutines that make
-- coroutines could run for ever.
local create, wrap, resume, close = coroutine.create, coroutine.wrap, coroutine.resume, coroutine.close

local function check_function(f, name)
  if type(f) ~= "function" then error("bad argument #1 to '" .. name .. "' (function expected)", 3) end
  check()
end

function coroutine.create(f)
  check_function(f, "create")
  return create(f)
end

function coroutine.wrap(f)
  check_function(f, "wrap")
  return wrap(f)
end

function coroutine.resume(...) return settle(resume(...)) end

function coroutine.close(...) return settle(close(...)) end

-- Errors of the library's own functions, told where the UDF called them.
local function rethrow(name, ok, ...)
  if ok then return ... end
  local e = seen((...))
  if type(e) == "string" and not find(e, "^.-:%d+: ") then error(gsub_text(e, "'%?'", "'" .. name .. "'"), 2) end
  error(e, 0)
end

local function guarded(name, f)
  return function(...) return rethrow(name, raw_pcall(f, ...)) end
end

-- Finalizers run where no hook can stop them: a metatable may have one, but it is never called.
local raw_setmetatable = guarded("setmetatable", setmetatable)

function setmetatable(t, metatable, ...)
  local finalizer = type(metatable) == "table" and rawget(metatable, "__gc")
  if not finalizer then return raw_setmetatable(t, metatable, ...) end
  rawset(metatable, "__gc", nil)
  local ok, problem = raw_pcall(raw_setmetatable, t, metatable)
  rawset(metatable, "__gc", finalizer)
  if not ok then error(problem, 0) end
  return t
end

-- The classes of values; comparing with them is how a UDF tells lists from maps.
local classes = {}
for _, name in ipairs { "Aerospike", "Bytes", "Iterator", "List", "Map" } do
  classes[name] = {}
  _G[name] = classes[name]
end

function getmetatable(value)
  if type(value) == "userdata" then return classes[native.class(value)] end
  return raw_getmetatable(value)
end

local raw_collectgarbage = collectgarbage

function collectgarbage(option, ...)
  if option == "count" then return raw_collectgarbage("count") end
  check()
  if option == nil or option == "collect" or option == "step" then return raw_collectgarbage(option, ...) end
  if option == "isrunning" then return true end
  -- The collector stays as it is: a UDF that stopped it would starve those that use this state later.
  return 0
end

-- Functions on tables look at the clock when there is much to do, and do not believe lengths that a metatable makes
-- up.
local LARGE <const> = 10000
local BELIEVABLE <const> = 1000000
local SORTABLE <const> = 20000

local function check_length(t)
  if type(t) ~= "table" then return end
  local length = #t
  if length > BELIEVABLE and raw_getmetatable(t) ~= nil then error("array too big", 3) end
  if length > LARGE then check() end
end

local insert, remove = guarded("insert", table.insert), guarded("remove", table.remove)
local concat, sort = guarded("concat", table.concat), guarded("sort", table.sort)
local move, unpack = guarded("move", table.move), guarded("unpack", table.unpack)

function table.insert(t, ...)
  if type(t) == "table" and select("#", ...) == 1 then
    local value = ...
    t[#t + 1] = value
    return
  end
  check_length(t)
  return insert(t, ...)
end

function table.remove(t, ...)
  check_length(t)
  return remove(t, ...)
end

function table.concat(t, separator, first, last)
  if type(t) == "table" then
    check_length(t)
    first, last = first or 1, last or #t
    if math_type(first) and math_type(last) and last - first > LARGE then
      check()
      if raw_getmetatable(t) ~= nil then
        local copy = {}
        for i = first, last do copy[i - first + 1] = t[i] end
        t, first, last = copy, 1, last - first + 1
      end
    end
  end
  return concat(t, separator, first, last)
end

function table.unpack(t, first, last)
  check_length(t)
  return unpack(t, first, last)
end

function table.move(from, first, last, at, to)
  local whole = math_type(first) == "integer" and math_type(last) == "integer" and math_type(at) == "integer"
  if type(from) ~= "table" or not whole or last < first or (last - first >= 0 and last - first < LARGE) then
    return move(from, first, last, at, to or from)
  end
  if first <= 0 and last >= math.maxinteger + first then
    error("bad argument #3 to 'move' (too many elements to move)", 2)
  end
  if at > math.maxinteger - (last - first) then
    error("bad argument #4 to 'move' (destination wrap around)", 2)
  end
  to = to or from
  if at > last or at <= first or to ~= from then
    for i = 0, last - first do to[at + i] = from[first + i] end
  else
    for i = last - first, 0, -1 do to[at + i] = from[first + i] end
  end
  return to
end

local function less(a, b) return a < b end

-- Heap sort: slower than the library's, but every step of it can be interrupted.
local function sort_many(t, before)
  local function sink(root, last)
    local value = t[root]
    while 2 * root <= last do
      local child = 2 * root
      if child < last and before(t[child], t[child + 1]) then child = child + 1 end
      if not before(value, t[child]) then break end
      t[root] = t[child]
      root = child
    end
    t[root] = value
  end
  local n = #t
  for root = n // 2, 1, -1 do sink(root, n) end
  for last = n, 2, -1 do
    t[1], t[last] = t[last], t[1]
    sink(1, last - 1)
  end
end

function table.sort(t, before)
  check_length(t)
  if type(t) == "table" and #t > SORTABLE then return sort_many(t, before or less) end
  return sort(t, before)
end

-- The matcher behind `string.gsub` takes texts; functions and tables are called from here.
string.gsub_next = nil

local function replacement(replace, ...)
  if type(replace) == "function" then return replace(...) end
  return replace[(...)]
end

local function gsub_step(out, subject, from, replace, first, last, ...)
  if not first then return end
  local value = replacement(replace, ...)
  out[#out + 1] = sub(subject, from + 1, first)
  if not value then
    value = sub(subject, first + 1, last)
  elseif type(value) ~= "string" and type(value) ~= "number" then
    error("invalid replacement value (a " .. type(value) .. ")", 3)
  end
  out[#out + 1] = value
  return last
end

function string.gsub(subject, pattern, replace, most)
  local kind = type(replace)
  if kind == "string" or kind == "number" then return gsub_text(subject, pattern, replace, most) end
  if kind ~= "function" and kind ~= "table" then
    error("bad argument #3 to 'gsub' (string/function/table expected, got " .. kind .. ")", 2)
  end
  if type(subject) == "number" then subject = subject .. "" end
  local out, count, from, last = {}, 0, 0, nil
  -- A table is asked for the first capture alone; whether the others are sound does not matter then.
  local captures = kind == "table" and 1 or nil
  while most == nil or count < most do
    last = gsub_step(out, subject, from, replace, gsub_next(subject, pattern, from, last, captures))
    if not last then break end
    from, count = last, count + 1
    if find(pattern, "^", 1, true) == 1 then break end
  end
  out[#out + 1] = sub(subject, from + 1)
  return concat(out), count
end

-- Code made at run time is text: bytecode could break the interpreter.
local raw_load = load
local LARGEST_CHUNK <const> = 1024 * 1024

-- What a reader function gives, piece by piece.
local function read_all(reader)
  local pieces, size = {}, 0
  while size <= LARGEST_CHUNK do
    local piece = reader()
    if piece == nil or piece == "" then break end
    if type(piece) ~= "string" then return nil, "reader function must return a string" end
    size = size + #piece
    pieces[#pieces + 1] = piece
  end
  return concat(pieces)
end

function load(chunk, name, mode, ...)
  check()
  if type(chunk) == "function" then
    local content, problem = read_all(chunk)
    if not content then return nil, problem end
    chunk, name = content, name or "=(load)"
  elseif type(chunk) ~= "string" then
    error("bad argument #1 to 'load' (string expected, got " .. type(chunk) .. ")", 2)
  end
  if #chunk > LARGEST_CHUNK then return nil, "chunk too large" end
  if mode == "b" and sub(chunk, 1, 1) ~= "\27" then return nil, "attempt to load a text chunk (mode is 'b')" end
  return raw_load(chunk, name or chunk, "t", ...)
end

-- `require` finds registered modules.
local raw_require, loaded = require, package and package.loaded or {}

function require(name)
  if type(name) ~= "string" then
    error("bad argument #1 to 'require' (string expected, got " .. type(name) .. ")", 2)
  end
  local value = loaded[name]
  if value then return value end
  local source, path = native.module(name)
  if not source then
    if raw_require then return raw_require(name) end
    error("module '" .. name .. "' not found:\n\tno field package.preload['" .. name .. "']\n\tno file '" .. path .. "'", 2)
  end
  local chunk, problem = raw_load(source, "@" .. path, "t")
  if not chunk then error("error loading module '" .. name .. "' from file '" .. path .. "':\n\t" .. problem, 2) end
  value = chunk(name, path)
  if value ~= nil then
    loaded[name] = value
  elseif loaded[name] == nil then
    loaded[name] = true
  end
  return loaded[name], path
end

-- The server's standard output is not a UDF's: what is printed goes to its log.
function print(...)
  local texts = {}
  for i = 1, select("#", ...) do texts[i] = tostring((select(i, ...))) end
  native.log(2, concat(texts, "\t"))
end

if native.unsafe then return end

os = { clock = os.clock, date = os.date, difftime = os.difftime, time = os.time }
dofile, loadfile = nil, nil
for _, name in ipairs { "_G", "coroutine", "math", "os", "string", "table", "utf8" } do loaded[name] = _G[name] end
package = { loaded = loaded, preload = {}, path = "", cpath = "", config = "/\n;\n?\n!\n-\n" }
