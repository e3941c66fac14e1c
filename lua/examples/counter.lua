-- Counters: many in one record, changed together, never below a floor.
--
--     client.apply(key, "counter", "add", ["visits", 1])                       -> 1
--     client.apply(key, "counter", "add_all", [{"visits": 2, "errors": 1}])    -> {"visits": 3, "errors": 1}
--     client.apply(key, "counter", "take", ["stock", 5])                       -> what is left, or an error

local function save(r)
  if aerospike:exists(r) then return aerospike:update(r) end
  return aerospike:create(r)
end

-- Adds to a counter, which begins at zero; returns its new value.
function add(r, bin, amount)
  r[bin] = (r[bin] or 0) + amount
  save(r)
  return r[bin]
end

-- Adds to several counters; returns their new values. All change, or none.
function add_all(r, amounts)
  local values = map()
  for bin, amount in map.pairs(amounts) do
    r[bin] = (r[bin] or 0) + amount
    values[bin] = r[bin]
  end
  save(r)
  return values
end

-- Takes from a counter; fails rather than let it fall below zero.
function take(r, bin, amount)
  local left = (r[bin] or 0) - amount
  if left < 0 then error("only " .. (r[bin] or 0) .. " left of " .. bin, 0) end
  r[bin] = left
  aerospike:update(r)
  return left
end
