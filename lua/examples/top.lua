-- Rankings: the records with the highest values, and values by group, over a query or a scan.
--
--     query = client.query("test", "games")
--     query.apply("top", "records", ["score", "player", 3])
--     query.results()                          -> [[{"value": 99, "name": "ada"}, ...]]
--
-- Each partition sends at most `count` entries, whatever the number of its records.

-- The list with an entry put where it belongs, sorted from high to low, of which the first `count` are kept. It is made
-- anew with list.append alone: clients run this, too, and their Lua differs in how list.insert and list.trim take
-- positions at the end.
local function put(best, entry, count)
  local size = list.size(best)
  if count == 0 or size == count and best[size].value >= entry.value then return best end
  local kept, placed = list(), false
  for other in list.iterator(best) do
    if not placed and other.value < entry.value then
      list.append(kept, entry)
      placed = true
    end
    if list.size(kept) < count then list.append(kept, other) end
  end
  if not placed then list.append(kept, entry) end
  return kept
end

-- The records with the highest values of a bin, each with the value of another bin that names it.
function records(s, bin, name, count)
  local function add(best, r)
    if type(r[bin]) ~= "number" then return best end
    return put(best, map { value = r[bin], name = r[name] }, count)
  end
  local function join(a, b)
    for entry in list.iterator(b) do a = put(a, entry, count) end
    return a
  end
  return s : aggregate(list(), add) : reduce(join)
end

-- How many records there are for each value of a bin, and the sum of another bin over them.
function groups(s, by, bin)
  local function add(groups, r)
    local key = r[by]
    if key ~= nil then
      local group = groups[key] or map { count = 0, sum = 0 }
      group.count = group.count + 1
      group.sum = group.sum + (r[bin] or 0)
      groups[key] = group
    end
    return groups
  end
  local function join(a, b)
    return map.merge(a, b, function(x, y) return map { count = x.count + y.count, sum = x.sum + y.sum } end)
  end
  return s : aggregate(map(), add) : reduce(join)
end
