import { RECORD_FORMAT } from '../../model/sync-record.ts'
import { script } from '../../redis/connection.ts'

/** The channel on which the scripts publish the ids of changed syncs. */
export function changesChannel(prefix: string): string {
  return `${prefix}changes`
}

/** The keys that every script of one record gets. */
export function keysOf(prefix: string, id: string): string[] {
  return [`${prefix}sync:${id}`, `${prefix}unreadable:${id}`, `${prefix}places`, `${prefix}expiry`]
}

/*
 * Every script gets the keys of one record, of the record set aside under the same id, of the hash that says in which
 * indexes an id stands, and of the index by expiry; and as arguments the prefix and the id. Names of further indexes are
 * made from the prefix, which keeps them in the same slot.
 */
const SHARED = `
local record, aside, placed, expiry = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local prefix, id = ARGV[1], ARGV[2]

-- The revision (as text) and the write id of what is stored; nil if there is nothing; and whether it is unreadable. What
-- a newer release has written has revision -1 here, which nobody expects.
local function stored()
  local head = redis.pcall('GETRANGE', record, 0, 99)
  if type(head) ~= 'string' then return nil, nil, true end
  if head == '' then return nil, nil, redis.call('EXISTS', aside) == 1 end
  local revision, write = string.match(head, '^{"revision":(%d+),"writeId":"([%w%-]+)",')
  if not revision or redis.call('GETRANGE', record, -1, -1) ~= '}' then return nil, nil, true end
  local format = string.match(head, '^{"revision":%d+,"writeId":"[%w%-]+","format":(%d+),')
  if format and tonumber(format) > ${RECORD_FORMAT} then return '-1', write, false end
  return revision, write, false
end

local function displace()
  local names = redis.call('HGET', placed, id)
  if names then
    for _, name in ipairs(cjson.decode(names)) do redis.call('ZREM', prefix .. name, id) end
    redis.call('HDEL', placed, id)
  end
  redis.call('ZREM', expiry, id)
  local size = redis.call('HGET', prefix .. 'history-sizes', id)
  if size then
    redis.call('HDEL', prefix .. 'history-sizes', id)
    redis.call('DECRBY', prefix .. 'history-bytes', size)
    redis.call('ZREM', prefix .. 'history-ends', id)
  end
end
`

/** Arguments: head and bytes of the cached record. Answers nothing for absent, -1 unreadable, 1 unchanged, or the text. */
export const READ = script(`${SHARED}
local head = ARGV[3]
if head ~= '' and redis.pcall('STRLEN', record) == tonumber(ARGV[4])
  and redis.call('GETRANGE', record, 0, #head - 1) == head then return 1 end
local text = redis.pcall('GET', record)
if type(text) == 'string' then return text end
if text or redis.call('EXISTS', aside) == 1 then return -1 end
return false
`)

/**
 * Arguments: the revision to replace, or nothing to create; write id, text, names of indexes as JSON, expiry in ms or
 * nothing. Answers 1 if stored, 0 if the revision is another or the id is taken, -1 if what it would replace is unreadable.
 */
export const WRITE = script(`${SHARED}
local expected, text, names, expires = ARGV[3], ARGV[5], ARGV[6], ARGV[7]
local revision, write, unreadable = stored()
if unreadable then return expected == '' and 0 or -1 end
if write == ARGV[4] then return 1 end
if (revision or '') ~= expected then return 0 end
redis.call('SET', record, text)
if redis.call('HGET', placed, id) ~= names then
  displace()
  for _, name in ipairs(cjson.decode(names)) do redis.call('ZADD', prefix .. name, 0, id) end
  redis.call('HSET', placed, id, names)
end
if expires == '' then redis.call('ZREM', expiry, id) else redis.call('ZADD', expiry, expires, id) end
redis.call('PUBLISH', prefix .. 'changes', id)
return 1
`)

/** Argument: the expected revision. Answers as WRITE. */
export const REMOVE = script(`${SHARED}
local revision, _, unreadable = stored()
if unreadable then return -1 end
if revision ~= ARGV[3] then return 0 end
redis.call('DEL', record)
displace()
redis.call('PUBLISH', prefix .. 'changes', id)
return 1
`)

/**
 * Moves a sync whose status has expired into the history: its record stays where it is, and stands in the indexes of the
 * history instead. Arguments: the expected revision, names of those indexes as JSON, its end in ms. Answers as WRITE.
 */
export const ARCHIVE = script(`${SHARED}
local names = ARGV[4]
local revision, _, unreadable = stored()
if unreadable then return -1 end
if revision ~= ARGV[3] then return 0 end
displace()
for _, name in ipairs(cjson.decode(names)) do redis.call('ZADD', prefix .. name, 0, id) end
redis.call('HSET', placed, id, names)
local size = redis.call('STRLEN', record)
redis.call('HSET', prefix .. 'history-sizes', id, size)
redis.call('INCRBY', prefix .. 'history-bytes', size)
redis.call('ZADD', prefix .. 'history-ends', ARGV[5], id)
return 1
`)

/**
 * Sets aside what is not readable. Arguments: the text as it was found, and for how many ms to keep it. Answers 1 if it
 * did, 0 if the record has changed since, 2 if there was no record and only its places in indexes were removed.
 */
export const SET_ASIDE = script(`${SHARED}
local kind = redis.call('TYPE', record).ok
if kind == 'none' then
  local stood = redis.call('HEXISTS', placed, id) == 1
  displace()
  return stood and 2 or 0
end
if kind == 'string' and redis.call('GET', record) ~= ARGV[3] then return 0 end
redis.call('RENAME', record, aside)
redis.call('PEXPIRE', aside, ARGV[4])
displace()
redis.call('PUBLISH', prefix .. 'changes', id)
return 1
`)

/** Records of which the mean size is taken. */
const SAMPLE = 200

/** Key: an index. Argument: the prefix. Answers how many stand in it, and the bytes of their records, estimated. */
export const USAGE = script(`
local count = redis.call('ZCARD', KEYS[1])
local ids = redis.call('ZRANDMEMBER', KEYS[1], ${SAMPLE})
if #ids == 0 then return { 0, 0 } end
local bytes = 0
for _, id in ipairs(ids) do
  local size = redis.pcall('STRLEN', ARGV[1] .. 'sync:' .. id)
  if type(size) == 'number' then bytes = bytes + size end
end
return { count, math.floor(bytes / #ids * count) }
`)

/** Keys: indexes. Answers how many stand in each. */
export const COUNT_STATES = script(`
local counts = {}
for n, index in ipairs(KEYS) do counts[n] = redis.call('ZCARD', index) end
return counts
`)

/**
 * One batch of a list, newest first. Key: any. Arguments: the prefix; groups of names of indexes as JSON; the id to begin
 * after, or nothing; how many records are wanted; how many ids to scan; after how many bytes of records to end. An id belongs to the list when it stands in an
 * index of each group. Scans the smallest group. Answers the last id that was scanned, or nothing at the end, and then
 * ids and texts by turns.
 */
export const LIST = script(`
local prefix, groups, after = ARGV[1], cjson.decode(ARGV[2]), ARGV[3]
local wanted, batch, room = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
for _, group in ipairs(groups) do
  group.size = 0
  for n, name in ipairs(group) do
    group[n] = prefix .. name
    group.size = group.size + redis.call('ZCARD', group[n])
  end
end
table.sort(groups, function (one, other) return one.size < other.size end)

local from = after == '' and '+' or '(' .. after
local ids, isEnd = {}, true
for _, index in ipairs(groups[1]) do
  local some = redis.call('ZRANGE', index, from, '-', 'BYLEX', 'REV', 'LIMIT', 0, batch)
  if #some == batch then isEnd = false end
  for _, id in ipairs(some) do ids[#ids + 1] = id end
end
table.sort(ids, function (one, other) return one > other end)

local function isIn(group, id)
  for _, index in ipairs(group) do
    if redis.call('ZSCORE', index, id) then return true end
  end
  return false
end

local answer = { '' }
local seen = 0
for _, id in ipairs(ids) do
  if seen == batch or #answer > wanted * 2 or room < 0 then isEnd = false break end
  seen = seen + 1
  local belongs = true
  for n = 2, #groups do belongs = belongs and isIn(groups[n], id) end
  if belongs then
    answer[#answer + 1] = id
    local text = redis.pcall('GET', prefix .. 'sync:' .. id)
    answer[#answer + 1] = type(text) == 'string' and text or ''
    room = room - #answer[#answer]
  end
end
if not isEnd then answer[1] = ids[seen] end
return answer
`)
