/*
 * engine/jobs/store_redis_lua.h - what the Redis store does at once.
 *
 * KEYS[1] is the prefix of all keys, "nodetool:{jobs}:": the braces keep
 * them in one slot of a cluster.  Behind it:
 *
 *   job:ID            hash, a job (see NT_LUA_RECORD); `owner` is the token
 *                     of its lease, `qid` its entry in the queue
 *   events:ID         stream; an entry holds a batch of events, one a line in
 *                     field e, and has the number of its last one: SEQ-0
 *   queue             stream with the group "engines": queued jobs
 *   leases            sorted set: running job by the end of its lease, ms
 *   user:U, wf:U:W    sorted sets: jobs of a user, of a workflow, by the
 *                     microsecond in which they were created
 *   key:LEN:U:KEY     idempotency key: the job's id
 *   control           channel: "queue", "cancel ID"
 *
 * Times are Redis' own.  A lease is held by who has its token; every script
 * that writes for a running job checks it.
 */

#ifndef NT_STORE_REDIS_LUA_H
#define NT_STORE_REDIS_LUA_H

/* A job as it is returned, NT_RECORD_FIELDS values: with the field `big`
 * (result or params) when one is named, and with its place in the queue, up
 * to 10,000, when that is asked for. */
#define NT_LUA_RECORD                                                          \
    "local P = KEYS[1]\n"                                                      \
    "local t = redis.call('TIME')\n"                                           \
    "local now = t[1] * 1000 + math.floor(t[2] / 1000)\n"                      \
    "local function record(id, big, place)\n"                                  \
    "  local r = redis.call('HMGET', P .. 'job:' .. id, 'user', 'workflow',\n" \
    "    'base', 'status', 'error', 'node', 'ntype', 'created', 'started',\n"  \
    "    'finished', 'attempt', 'lost', 'seq', 'cancel', 'qid',\n"             \
    "    big or 'none')\n"                                                     \
    "  if not r[1] then return false end\n"                                    \
    "  if place and r[4] == 'queued' and r[15] then\n"                         \
    "    r[15] = #redis.call('XRANGE', P .. 'queue', '-', r[15],\n"            \
    "      'COUNT', 10000)\n"                                                  \
    "  else\n"                                                                 \
    "    r[15] = false\n"                                                      \
    "  end\n"                                                                  \
    "  r[17] = id\n"                                                           \
    "  return r\n"                                                             \
    "end\n"                                                                    \
    "local function enqueue(id)\n"                                             \
    "  local qid = redis.call('XADD', P .. 'queue', '*', 'id', id)\n"          \
    "  redis.call('PUBLISH', P .. 'control', 'queue')\n"                       \
    "  return qid\n"                                                           \
    "end\n"

/* id user workflow base params token lease_ms queued-line key ttl touch
 * -> when it was created, ms, for a new job that has a token; else {record,
 * jobs in the queue}; token "": queued.  Indexes outlive their last job by a
 * month, more or less: `touch` is 1 now and then.  About every 16th job
 * cleans them of 32 at most that have expired.  Numbers are written with %d,
 * as Lua's own conversion goes over floating point. */
#define NT_LUA_CREATE                                                          \
    NT_LUA_RECORD                                                              \
    "local id, user, wf, base, params, token, lease, line, key, ttl,\n"        \
    "  touch = unpack(ARGV)\n"                                                 \
    "local call, job = redis.call, P .. 'job:' .. id\n"                        \
    "if call('EXISTS', job) == 1 then\n"                                       \
    "  return {record(id, nil, true), call('XLEN', P .. 'queue')}\n"           \
    "end\n"                                                                    \
    "if key ~= '' then\n"                                                      \
    "  key = P .. 'key:' .. #user .. ':' .. user .. ':' .. key\n"              \
    "  local other = call('GET', key)\n"                                       \
    "  local found = other and record(other, 'result', true)\n"                \
    "  if found then\n"                                                        \
    "    call('HSET', P .. 'job:' .. other, 'shared', 1)\n"                    \
    "    return {found, call('XLEN', P .. 'queue')}\n"                         \
    "  end\n"                                                                  \
    "  call('SET', key, id)\n"                                                 \
    "  call('HSET', job, 'key', key)\n"                                        \
    "end\n"                                                                    \
    "local ms = string.format('%d', now)\n"                                    \
    "local us = string.format('%d', t[1] * 1000000 + t[2])\n"                  \
    "if token ~= '' then\n"                                                    \
    "  call('HSET', job, 'user', user, 'workflow', wf, 'base', base,\n"        \
    "    'params', params, 'created', ms, 'attempt', 1, 'status', "            \
    "'running',\n"                                                             \
    "    'started', ms, 'owner', token, 'seq', 0)\n"                           \
    "  call('ZADD', P .. 'leases', string.format('%d', now + lease), id)\n"    \
    "else\n"                                                                   \
    "  call('HSET', job, 'user', user, 'workflow', wf, 'base', base,\n"        \
    "    'params', params, 'created', ms, 'attempt', 1, 'status', 'queued',\n" \
    "    'qid', enqueue(id), 'seq', 1)\n"                                      \
    "  call('XADD', P .. 'events:' .. id, '1-0', 'e',\n"                       \
    "    line .. call('XLEN', P .. 'queue') .. '}')\n"                         \
    "end\n"                                                                    \
    "local function index(name)\n"                                             \
    "  call('ZADD', name, us, id)\n"                                           \
    "  if touch == '1' then call('EXPIRE', name, ttl + 2592000) end\n"         \
    "  if t[2] % 16 ~= 0 then return end\n"                                    \
    "  local old, jobs = call('ZRANGE', name, 0, 31), {}\n"                    \
    "  for i = 1, #old do jobs[i] = P .. 'job:' .. old[i] end\n"               \
    "  if call('EXISTS', unpack(jobs)) == #jobs then return end\n"             \
    "  for i = 1, #old do\n"                                                   \
    "    if call('EXISTS', jobs[i]) == 0 then\n"                               \
    "      call('ZREM', name, old[i])\n"                                       \
    "    end\n"                                                                \
    "  end\n"                                                                  \
    "end\n"                                                                    \
    "index(P .. 'user:' .. user)\n"                                            \
    "index(P .. 'wf:' .. user .. ':' .. wf)\n"                                 \
    "if token ~= '' then return now end\n"                                     \
    "return {record(id, nil, true), call('XLEN', P .. 'queue')}\n"

/* id token last lines min -> 1, or 0 when the lease is lost */
#define NT_LUA_APPEND                                                          \
    "local P = KEYS[1]\n"                                                      \
    "local id, token, last, lines, min = unpack(ARGV)\n"                       \
    "local job = P .. 'job:' .. id\n"                                          \
    "local r = redis.call('HMGET', job, 'owner', 'seq')\n"                     \
    "if r[1] ~= token then return 0 end\n"                                     \
    "if tonumber(r[2]) < tonumber(last) then\n"                                \
    "  redis.call('XADD', P .. 'events:' .. id, 'MINID', '~', min,\n"          \
    "    last .. '-0', 'e', lines)\n"                                          \
    "  redis.call('HSET', job, 'seq', last)\n"                                 \
    "end\n"                                                                    \
    "return 1\n"

/* id token last lines min status result error node ntype finished ttl
 * -> 1, or 0 when the lease is lost */
#define NT_LUA_FINISH                                                          \
    "local P, call = KEYS[1], redis.call\n"                                    \
    "local id, token, last, lines, min, status, result, err, node, ntype,\n"   \
    "  finished, ttl = unpack(ARGV)\n"                                         \
    "local job, events = P .. 'job:' .. id, P .. 'events:' .. id\n"            \
    "local r = call('HMGET', job, 'owner', 'seq', 'by', 'key')\n"              \
    "if r[3] == token then return 1 end\n"                                     \
    "if r[1] ~= token then return 0 end\n"                                     \
    "if lines ~= '' and tonumber(r[2]) < tonumber(last) then\n"                \
    "  if min == '0' then\n"                                                   \
    "    call('XADD', events, last .. '-0', 'e', lines)\n"                     \
    "  else\n"                                                                 \
    "    call('XADD', events, 'MINID', '~', min, last .. '-0', 'e', lines)\n"  \
    "  end\n"                                                                  \
    "end\n"                                                                    \
    "local set = {'status', status, 'finished', finished, 'seq', last,\n"      \
    "  'by', token}\n"                                                         \
    "local function add(name, value)\n"                                        \
    "  if value ~= '' then set[#set + 1], set[#set + 2] = name, value end\n"   \
    "end\n"                                                                    \
    "add('result', result)\n"                                                  \
    "add('error', err)\n"                                                      \
    "add('node', node)\n"                                                      \
    "add('ntype', ntype)\n"                                                    \
    "call('HDEL', job, 'owner', 'params', 'cancel')\n"                         \
    "call('HSET', job, unpack(set))\n"                                         \
    "call('ZREM', P .. 'leases', id)\n"                                        \
    "call('EXPIRE', job, ttl)\n"                                               \
    "call('EXPIRE', events, ttl)\n"                                            \
    "if r[4] then call('EXPIRE', r[4], ttl) end\n"                             \
    "return 1\n"

/* id token -> 1, or 0 when the lease is lost */
#define NT_LUA_RELEASE                                                         \
    NT_LUA_RECORD                                                              \
    "local id, token = unpack(ARGV)\n"                                         \
    "local job = P .. 'job:' .. id\n"                                          \
    "if redis.call('HGET', job, 'owner') ~= token then return 0 end\n"         \
    "redis.call('HDEL', job, 'owner')\n"                                       \
    "redis.call('ZREM', P .. 'leases', id)\n"                                  \
    "redis.call('HSET', job, 'status', 'queued', 'qid', enqueue(id))\n"        \
    "return 1\n"

/* id -> record with its result, or nothing */
#define NT_LUA_GET                                                             \
    NT_LUA_RECORD                                                              \
    "return record(ARGV[1], 'result', true)\n"

/* user workflow start-ms start-id limit -> {record, ...}, one more than the
 * limit when there are more */
#define NT_LUA_LIST                                                            \
    NT_LUA_RECORD                                                              \
    "local user, wf, ms, start, limit = unpack(ARGV)\n"                        \
    "local index = P .. 'user:' .. user\n"                                     \
    "if wf ~= '' then index = P .. 'wf:' .. user .. ':' .. wf end\n"           \
    "local first = 0\n"                                                        \
    "if start ~= '' then\n"                                                    \
    "  local rank = redis.call('ZREVRANK', index, start)\n"                    \
    "  if rank then\n"                                                         \
    "    first = rank + 1\n"                                                   \
    "  else\n"                                                                 \
    "    first = redis.call('ZCOUNT', index, ms * 1000, '+inf')\n"             \
    "  end\n"                                                                  \
    "end\n"                                                                    \
    "local page = {}\n"                                                        \
    "limit = limit + 1\n"                                                      \
    "while #page < limit do\n"                                                 \
    "  local ids = redis.call('ZREVRANGE', index, first,\n"                    \
    "    first + limit - #page - 1)\n"                                         \
    "  if #ids == 0 then break end\n"                                          \
    "  for _, id in ipairs(ids) do\n"                                          \
    "    local r = record(id)\n"                                               \
    "    if r then\n"                                                          \
    "      page[#page + 1] = r\n"                                              \
    "      first = first + 1\n"                                                \
    "    else\n"                                                               \
    "      redis.call('ZREM', index, id)\n"                                    \
    "    end\n"                                                                \
    "  end\n"                                                                  \
    "end\n"                                                                    \
    "return page\n"

/* id line ttl -> record, or nothing */
#define NT_LUA_CANCEL                                                          \
    NT_LUA_RECORD                                                              \
    "local id, line, ttl = unpack(ARGV)\n"                                     \
    "local job = P .. 'job:' .. id\n"                                          \
    "local r = redis.call('HMGET', job, 'status', 'qid', 'seq')\n"             \
    "if r[1] == 'queued' then\n"                                               \
    "  if r[2] then redis.call('XDEL', P .. 'queue', r[2]) end\n"              \
    "  local last = r[3] + 1\n"                                                \
    "  redis.call('XADD', P .. 'events:' .. id, last .. '-0', 'e', line)\n"    \
    "  redis.call('HSET', job, 'status', 'cancelled', 'finished', now,\n"      \
    "    'seq', last)\n"                                                       \
    "  redis.call('HDEL', job, 'params')\n"                                    \
    "  local key = redis.call('HGET', job, 'key')\n"                           \
    "  redis.call('EXPIRE', job, ttl)\n"                                       \
    "  redis.call('EXPIRE', P .. 'events:' .. id, ttl)\n"                      \
    "  if key then redis.call('EXPIRE', key, ttl) end\n"                       \
    "elseif r[1] == 'running' then\n"                                          \
    "  redis.call('HSET', job, 'cancel', 1)\n"                                 \
    "  redis.call('PUBLISH', P .. 'control', 'cancel ' .. id)\n"               \
    "end\n"                                                                    \
    "return record(id, 'result', true)\n"

/* engine lease_ms n -> {jobs left in the queue, record with params, ...}.
 * Whoever reads an entry takes the job in the same moment, so entries are
 * never pending: NOACK. */
#define NT_LUA_CLAIM                                                           \
    NT_LUA_RECORD                                                              \
    "local engine, lease, n = unpack(ARGV)\n"                                  \
    "local queue = P .. 'queue'\n"                                             \
    "local function read()\n"                                                  \
    "  return redis.pcall('XREADGROUP', 'GROUP', 'engines', 'engines',\n"      \
    "    'COUNT', n, 'NOACK', 'STREAMS', queue, '>')\n"                        \
    "end\n"                                                                    \
    "local streams = read()\n"                                                 \
    "if streams and streams.err then\n"                                        \
    "  redis.call('XGROUP', 'CREATE', queue, 'engines', 0, 'MKSTREAM')\n"      \
    "  streams = read()\n"                                                     \
    "end\n"                                                                    \
    "local taken = {0}\n"                                                      \
    "for _, entry in ipairs(streams and streams[1] and streams[1][2] or {})\n" \
    "do\n"                                                                     \
    "  local id = entry[2][2]\n"                                               \
    "  local job = P .. 'job:' .. id\n"                                        \
    "  redis.call('XDEL', queue, entry[1])\n"                                  \
    "  if redis.call('HGET', job, 'status') == 'queued' then\n"                \
    "    if redis.call('HSETNX', job, 'started', now) == 0 then\n"             \
    "      redis.call('HINCRBY', job, 'attempt', 1)\n"                         \
    "    end\n"                                                                \
    "    redis.call('HSET', job, 'status', 'running', 'owner',\n"              \
    "      engine .. ':' .. redis.call('HGET', job, 'attempt'))\n"             \
    "    redis.call('HDEL', job, 'qid')\n"                                     \
    "    redis.call('ZADD', P .. 'leases', now + lease, id)\n"                 \
    "    taken[#taken + 1] = record(id, 'params')\n"                           \
    "  end\n"                                                                  \
    "end\n"                                                                    \
    "taken[1] = redis.call('XLEN', queue)\n"                                   \
    "return taken\n"

/* lease_ms reap "id token id token ..." -> {jobs in the queue, reaped,
 * {id, token, ... lost}, {id, token, ... to cancel}}: renews leases and, when `reap` is
 * 1, queues again the jobs whose leases have lapsed */
#define NT_LUA_TICK                                                            \
    NT_LUA_RECORD                                                              \
    "local lease, reap, held = unpack(ARGV)\n"                                 \
    "local leases = P .. 'leases'\n"                                           \
    "local lost, cancel, reaped = {}, {}, 0\n"                                 \
    "for id, token in string.gmatch(held, '(%S+) (%S+)') do\n"                 \
    "  local r = redis.call('HMGET', P .. 'job:' .. id, 'owner', 'cancel')\n"  \
    "  if r[1] ~= token then\n"                                                \
    "    lost[#lost + 1], lost[#lost + 2] = id, token\n"                       \
    "  else\n"                                                                 \
    "    redis.call('ZADD', leases, now + lease, id)\n"                        \
    "    if r[2] then\n"                                                       \
    "      cancel[#cancel + 1], cancel[#cancel + 2] = id, token\n"             \
    "    end\n"                                                                \
    "  end\n"                                                                  \
    "end\n"                                                                    \
    "if reap == '1' then\n"                                                    \
    "  for _, id in ipairs(redis.call('ZRANGEBYSCORE', leases, '-inf', now,\n" \
    "    'LIMIT', 0, 64)) do\n"                                                \
    "    local job = P .. 'job:' .. id\n"                                      \
    "    redis.call('ZREM', leases, id)\n"                                     \
    "    if redis.call('HGET', job, 'status') == 'running' then\n"             \
    "      redis.call('HINCRBY', job, 'lost', 1)\n"                            \
    "      redis.call('HDEL', job, 'owner')\n"                                 \
    "      redis.call('HSET', job, 'status', 'queued', 'qid', enqueue(id))\n"  \
    "      reaped = reaped + 1\n"                                              \
    "    end\n"                                                                \
    "  end\n"                                                                  \
    "end\n"                                                                    \
    "return {redis.call('XLEN', P .. 'queue'), reaped, lost, cancel}\n"

/* id token: takes back a job whose creator was told that it failed, unless
 * somebody has taken notice of it since */
#define NT_LUA_ABANDON                                                         \
    NT_LUA_RECORD                                                              \
    "local id, token = unpack(ARGV)\n"                                         \
    "local job = P .. 'job:' .. id\n"                                          \
    "local r = redis.call('HMGET', job, 'owner', 'status', 'qid', 'key',\n"    \
    "  'user', 'workflow', 'shared')\n"                                        \
    "if r[7] or (r[1] ~= token and r[2] ~= 'queued') then return 0 end\n"      \
    "if r[3] then redis.call('XDEL', P .. 'queue', r[3]) end\n"                \
    "if r[4] then redis.call('DEL', r[4]) end\n"                               \
    "redis.call('ZREM', P .. 'leases', id)\n"                                  \
    "redis.call('ZREM', P .. 'user:' .. r[5], id)\n"                           \
    "redis.call('ZREM', P .. 'wf:' .. r[5] .. ':' .. r[6], id)\n"              \
    "redis.call('DEL', job, P .. 'events:' .. id)\n"                           \
    "return 1\n"

#endif
