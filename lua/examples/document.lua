-- Documents: values within maps within maps, found by a path of keys.
--
--     client.apply(key, "document", "set", ["profile", ["address", "city"], "Bern"])
--     client.apply(key, "document", "get", ["profile", ["address", "city"]])                    -> "Bern"
--     client.apply(key, "document", "merge", ["profile", {"address": {"zip": 3000}, "age": 7}])
--     client.apply(key, "document", "push", ["profile", ["tags"], "new", 10])                   -> how many there are

local function is_map(value) return getmetatable(value) == Map end

local function save(r, bin, document)
  r[bin] = document
  if aerospike:exists(r) then return aerospike:update(r) end
  return aerospike:create(r)
end

-- The map that holds the last key of a path; missing ones on the way are made if `make` says so.
local function parent(document, path, make)
  local here = document
  for i = 1, list.size(path) - 1 do
    local below = here[path[i]]
    if below == nil and make then
      below = map()
      here[path[i]] = below
    end
    if below ~= nil and not is_map(below) then error(tostring(path[i]) .. " is no map", 0) end
    if below == nil then return nil end
    here = below
  end
  return here
end

-- The value at a path; nil if there is none.
function get(r, bin, path)
  local holder = r[bin] and parent(r[bin], path, false)
  return holder and holder[path[list.size(path)]]
end

-- Sets the value at a path, and makes the maps on the way to it.
function set(r, bin, path, value)
  local document = r[bin] or map()
  parent(document, path, true)[path[list.size(path)]] = value
  return save(r, bin, document)
end

-- Removes the value at a path; returns whether there was one.
function remove(r, bin, path)
  local document = r[bin]
  local holder = document and parent(document, path, false)
  local last = path[list.size(path)]
  if not holder or holder[last] == nil then return false end
  map.remove(holder, last)
  save(r, bin, document)
  return true
end

-- Appends to the list at a path, of which the last `limit` items are kept; returns how many there are.
function push(r, bin, path, value, limit)
  local document = r[bin] or map()
  local holder, last = parent(document, path, true), path[list.size(path)]
  local items = holder[last] or list()
  list.append(items, value)
  if limit and list.size(items) > limit then items = list.drop(items, list.size(items) - limit) end
  holder[last] = items
  save(r, bin, document)
  return list.size(items)
end

local function merged(document, patch)
  for key, value in map.pairs(patch) do
    if value == nil then
      map.remove(document, key)
    elseif is_map(value) and is_map(document[key]) then
      merged(document[key], value)
    else
      document[key] = value
    end
  end
  return document
end

-- Merges a document into another: maps key by key, other values replace; nil removes (as RFC 7396 has it).
function merge(r, bin, patch)
  save(r, bin, merged(r[bin] or map(), patch))
  return r[bin]
end
