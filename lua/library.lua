-- What a UDF finds beside Lua's own library and the types written in Rust.

local native = ...
local log, format = native.log, string.format
local pairs_of, clone = map.pairs, map.clone

-- The log of the server, at four levels.
local function logger(level)
  return function(text, ...) log(level, format(text, ...)) end
end

warn, info, debug, trace = logger(1), logger(2), logger(3), logger(4)

function math.sum(a, b) return a + b end

function math.product(a, b) return a * b end

-- All entries of two maps; for a key that both have, f(v1, v2), or the second map's value. What is nil is lost.
function map.merge(m1, m2, f)
  local merged = clone(m1)
  for k, v2 in pairs_of(m2) do
    local v1 = merged[k]
    if v1 ~= nil and f then
      merged[k] = f(v1, v2)
    elseif v2 ~= nil then
      merged[k] = v2
    end
  end
  return merged
end

local function add_missing(target, source, other)
  for k, v in pairs_of(source) do
    if v ~= nil and other[k] == nil then target[k] = v end
  end
end

-- The entries whose key only one of two maps has.
function map.diff(m1, m2)
  local difference = map()
  add_missing(difference, m1, m2)
  add_missing(difference, m2, m1)
  return difference
end
