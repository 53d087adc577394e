-- Counters as hashes: n, what was spent; f, what is reserved in period b; o, in the one before.
--
--   take PERIOD, and for each want: how many of KEYS it may use, budget, count, hold, seconds to live
--     -> spent, held, period, index for each; all is taken where all have room, or nothing
--   add PERIOD, and for each of KEYS: spend, release, the period of that, seconds to live
--     -> spent, held, period, 0 for each, afterwards

local period = tonumber(ARGV[2])

local function read(key)
  local row = redis.call("HMGET", key, "n", "b", "f", "o")
  local counter = {
    key = key, fresh = not row[1], n = tonumber(row[1]) or 0,
    b = tonumber(row[2]) or period, f = tonumber(row[3]) or 0, o = tonumber(row[4]) or 0,
  }
  if counter.b < period then
    counter.o = counter.b == period - 1 and counter.f or 0
    counter.f, counter.b = 0, period
  end
  return counter
end

local function write(counter, seconds)
  redis.call("HSET", counter.key, "n", counter.n, "b", counter.b, "f", counter.f, "o", counter.o)
  if counter.fresh then redis.call("EXPIRE", counter.key, seconds) end
end

local function tell(answer, counter, index)
  for _, value in ipairs({ counter.n, counter.f + counter.o, counter.b, index }) do
    answer[#answer + 1] = value
  end
end

local function least_of(first, last)
  local least, index
  for at = first, last do
    local counter = read(KEYS[at])
    if not least or counter.n + counter.f + counter.o < least.n + least.f + least.o then
      least, index = counter, at - first
    end
  end
  return least, index
end

local function take()
  local answer, wants, room, key = {}, {}, true, 1
  for at = 3, #ARGV, 5 do
    local slots, budget = tonumber(ARGV[at]), tonumber(ARGV[at + 1])
    local count, hold = tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
    local counter, index = least_of(key, key + slots - 1)
    tell(answer, counter, index)
    room = room and counter.n + counter.f + counter.o + math.max(1, count) <= budget
    wants[#wants + 1] = { counter, count, hold, ARGV[at + 4] }
    key = key + slots
  end
  for _, want in ipairs(room and wants or {}) do
    local counter, count, hold, seconds = unpack(want)
    if count + hold > 0 then
      counter.n, counter.f = counter.n + count, counter.f + hold
      write(counter, seconds)
    end
  end
  return answer
end

local function add()
  local answer = {}
  for at, key in ipairs(KEYS) do
    local base = at * 4 - 1
    local spend, release = tonumber(ARGV[base]), tonumber(ARGV[base + 1])
    local since, counter = tonumber(ARGV[base + 2]), read(key)
    counter.n = counter.n + spend
    if since == counter.b then counter.f = math.max(0, counter.f - release) end
    if since == counter.b - 1 then counter.o = math.max(0, counter.o - release) end
    if spend ~= 0 or not counter.fresh then write(counter, ARGV[base + 3]) end
    tell(answer, counter, 0)
  end
  return answer
end

return ARGV[1] == "take" and take() or add()
