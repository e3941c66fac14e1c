-- Rankings: the records with the highest values, and values by group, over a query or a scan.
--
--     query = client.query("test", "games")
--     query.apply("top", "records", ["score", "player", 3])
--     query.results()                          -> [[{"value": 99, "name": "ada"}, ...]]
--
-- Each partition sends at most `count` entries, whatever the number of its records.

-- Puts an entry where it belongs in a list sorted from high to low, of which the first `count` are kept.
local function put(best, entry, count)
  local at = list.size(best) + 1
  while at > 1 and best[at - 1].value < entry.value do at = at - 1 end
  if at > count then return best end
  -- Behind the last entry, the Java client's list.insert would leave a hole.
  if at > list.size(best) then list.append(best, entry) else list.insert(best, at, entry) end
  list.trim(best, count + 1)
  return best
end

-- The records with the highest values of a bin, each with the value of another bin that names it.
function records(s, bin, name, count)
  local function add(best, r)
    if type(r[bin]) ~= "number" then return best end
    return put(best, map { value = r[bin], name = r[name] }, count)
  end
  local function join(a, b)
    for entry in list.iterator(b) do put(a, entry, count) end
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
