-- Places: points that move, and distances between them.
--
--     client.apply(key, "geo", "move", ["place", 7.44, 46.95])         -> metres from where it was, nil at first
--     client.apply(key, "geo", "distance", ["place", 8.54, 47.37])     -> metres from there
--     query.apply("geo", "within", ["place", 8.54, 47.37, 100000])     -> [{"metres": ..., "place": ...}, ...]

local EARTH <const> = 6371008.8 -- mean radius in metres

-- Longitude and latitude of a GeoJSON point; nil for anything else.
local function coordinates(place)
  if place == nil then return nil end
  local lng, lat = string.match(tostring(place), '"coordinates"%s*:%s*%[%s*([-+%d.eE]+)%s*,%s*([-+%d.eE]+)')
  return tonumber(lng), tonumber(lat)
end

-- Metres between two places along the great circle.
local function metres(lng1, lat1, lng2, lat2)
  local dlat, dlng = math.rad(lat2 - lat1) / 2, math.rad(lng2 - lng1) / 2
  local a = math.sin(dlat) ^ 2 + math.cos(math.rad(lat1)) * math.cos(math.rad(lat2)) * math.sin(dlng) ^ 2
  return 2 * EARTH * math.asin(math.min(1, math.sqrt(a)))
end

-- Moves a record to a place; returns how far that was.
function move(r, bin, lng, lat)
  local old_lng, old_lat = coordinates(r[bin])
  r[bin] = geojson(string.format('{"type":"Point","coordinates":[%.7f,%.7f]}', lng, lat))
  if aerospike:exists(r) then aerospike:update(r) else aerospike:create(r) end
  if not old_lng then return nil end
  return metres(old_lng, old_lat, lng, lat)
end

-- How far a record is from a place; nil if it has none.
function distance(r, bin, lng, lat)
  local here_lng, here_lat = coordinates(r[bin])
  if not here_lng then return nil end
  return metres(here_lng, here_lat, lng, lat)
end

-- The records within a distance of a place, each with its distance.
function within(s, bin, lng, lat, limit)
  local function measured(r)
    local here_lng, here_lat = coordinates(r[bin])
    if not here_lng then return map() end
    return map { metres = metres(here_lng, here_lat, lng, lat), place = r[bin] }
  end
  local function is_near(found) return found.metres ~= nil and found.metres <= limit end
  return s : map(measured) : filter(is_near)
end
