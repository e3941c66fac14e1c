-- Runs UDFs: functions on one record, and the server's half of functions on a stream (lua §14).

local native = ...
local pcall, rawget, type = pcall, rawget, type
local globals, list_append, list_clone, list_concat, map_clone = _G, list.append, list.clone, list.concat, map.clone

-- Numbers from here on leave an aggregation at once, which then starts anew: what a partition has summed up so far
-- need not wait for its end. Reductions put the parts together.
local FLUSHED <const> = 1000

-- What a stream function is given and returns: the operations, in order.
StreamOps = {}
StreamOps.__index = StreamOps

local function operation(kind)
  return function(self, a, b)
    self.ops[#self.ops + 1] = { kind = kind, a = a, b = b }
    return self
  end
end

for _, kind in ipairs { "filter", "map", "aggregate", "reduce", "groupby" } do
  StreamOps[kind] = operation(kind)
end

-- The operations that a stream function asks for: what it has called on the object that it was given. They stay
-- inside of that object, which it has to return. `success` and `result` are global, as UDFs know them.
--
local function operations(f, ...)
  local stream = setmetatable({ ops = {} }, StreamOps)
  success, result = pcall(f, stream, ...)
  if not success then error(result, 0) end
  return result.ops -- the text of its error is documented, this line included: it is the 33rd
end

local function filtered(source, keeps)
  return function()
    while true do
      local value = source()
      if value == nil or keeps(value) then return value end
    end
  end
end

local function mapped(source, f)
  return function()
    local value = source()
    if value == nil then return nil end
    return f(value)
  end
end

-- Each partition starts with a copy of its own.
local function copied(value)
  local class = native.class(value)
  if class == "List" then return list_clone(value) end
  if class == "Map" then return map_clone(value) end
  if type(value) ~= "table" then return value end
  local copy = {}
  for k, v in next, value do copy[k] = v end
  return copy
end

local function aggregated(source, initial, f)
  local finished = false
  return function()
    if finished then return nil end
    local sum = copied(initial)
    while true do
      local value = source()
      if value == nil then
        finished = true
        return sum
      end
      sum = f(sum, value)
      if type(sum) == "number" and sum >= FLUSHED then return sum end
    end
  end
end

local function reduced(source, f)
  local finished = false
  return function()
    if finished then return nil end
    finished = true
    local result = source()
    if result == nil then return nil end
    while true do
      local value = source()
      if value == nil then return result end
      result = f(result, value)
    end
  end
end

local function grouped(source, key_of)
  local function put(groups, value)
    if not key_of then return groups end
    local key = key_of(value)
    local group = groups[key] or list()
    list_append(group, value)
    groups[key] = group
    return groups
  end
  local function join(a, b)
    return map.merge(a, b, function(x, y)
      list_concat(x, y)
      return x
    end)
  end
  return reduced(aggregated(source, map(), put), join)
end

-- The server's half of a pipeline ends with its first reduction.
local function pipeline(source, ops)
  for _, op in ipairs(ops) do
    if op.kind == "filter" then
      source = filtered(source, op.a)
    elseif op.kind == "map" then
      source = mapped(source, op.a)
    elseif op.kind == "aggregate" then
      source = aggregated(source, op.a, op.b)
    elseif op.kind == "reduce" then
      return reduced(source, op.a)
    else
      return grouped(source, op.a)
    end
  end
  return source
end

-- The first result tells whether there is such a function, the others are those of pcall.
local function finished(...) return true, ... end

local runner = {}

function runner.record(name, record, ...)
  local f = rawget(globals, name)
  if type(f) ~= "function" then return false end
  return finished(pcall(f, record, ...))
end

local function run_stream(f, source, emit, ...)
  for value in pipeline(source, operations(f, ...)) do
    if not emit(value) then return end
  end
end

-- Reads records from `source`, a function, and hands results to `emit`, which returns false to end the stream.
function runner.stream(name, source, emit, ...)
  local f = rawget(globals, name)
  if type(f) ~= "function" then return false end
  return finished(pcall(run_stream, f, source, emit, ...))
end

return runner
