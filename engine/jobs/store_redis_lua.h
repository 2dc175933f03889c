/*
 * engine/jobs/store_redis_lua.h - what the Redis store does at once.
 *
 * KEYS[1] is the prefix of all keys, "nodetool:{jobs}:": the braces keep
 * them in one slot of a cluster.  Behind it:
 *
 *   job:ID            hash, a job (see NT_LUA_RECORD); `owner` is the token
 *                     of its lease, of the last one when it has ended
 *   events:ID         stream; an entry holds a batch of events, one a line in
 *                     field e, and has the number of its last one: SEQ-0
 *   short:ID          all events of a job that stored none before its end,
 *                     one a line
 *   kept:ID           list of what the next attempt at a job starts with, one
 *                     JSON object a line (see nt_run_options_t.kept)
 *   leases            sorted set: running job by the end of its lease, ms
 *   wait, wait:U      sorted sets: queued jobs of all, of a user, in order
 *   turns             sorted set: users with queued jobs, the next one first
 *   number            counts what orders these
 *   load              hash: running jobs of users (u:U) and workflows (w:W),
 *                     where they are limited
 *   engines           sorted set: engine by when it was last heard of, ms
 *   user:U, wf:U:W    sorted sets: jobs of a user, of a workflow, by the
 *                     microsecond in which they were created
 *   users             sorted set: users by when they were last known to run
 *                     something, ms; to within an hour
 *   key:LEN:U:KEY     idempotency key: the job's id
 *   control           channel: "queue", "cancel ID", "follow"
 *   engine:E          channel: what other engines ask of this one, and answer
 *   watch:ID          channel: the number of the job's last event, or "end"
 *   jobs:U            channel: a job of the user has another status: status,
 *                     id, workflow and error, a line each
 *   follows           is there while somebody may listen to these
 *
 * Times are Redis' own.  A lease is held by who has its token; every script
 * that writes for a running job checks it.
 */

#ifndef NT_STORE_REDIS_LUA_H
#define NT_STORE_REDIS_LUA_H

#define NT_LUA_PREFIX "local P, call = KEYS[1], redis.call\n"

/* A job as it is returned, NT_RECORD_FIELDS values: with the field `big`
 * (result or params) when one is named, and with its place in the queue, when
 * that is asked for: so many start before it, or it is the first, if no limit
 * holds them back. */
#define NT_LUA_RECORD                                                          \
    NT_LUA_PREFIX                                                              \
    "local t = call('TIME')\n"                                                 \
    "local now = t[1] * 1000 + math.floor(t[2] / 1000)\n"                      \
    "local function place(id, user)\n"                                         \
    "  local rank, n = call('ZRANK', P .. 'wait:' .. user, id), 0\n"           \
    "  if not rank then return false end\n"                                    \
    "  for _, other in ipairs(call('ZRANGE', P .. 'turns', 0, 99)) do\n"       \
    "    n = n + math.min(call('ZCARD', P .. 'wait:' .. other), rank + 1)\n"   \
    "  end\n"                                                                  \
    "  return math.max(n, rank + 1)\n"                                         \
    "end\n"                                                                    \
    "local function record(id, big, placed)\n"                                 \
    "  local r = call('HMGET', P .. 'job:' .. id, 'user', 'workflow',\n"       \
    "    'base', 'status', 'error', 'node', 'ntype', 'created', 'started',\n"  \
    "    'finished', 'attempt', 'lost', 'seq', 'cancel', big or 'none')\n"     \
    "  if not r[1] then return false end\n"                                    \
    "  r[16] = placed and r[4] == 'queued' and place(id, r[1]) or false\n"     \
    "  r[17] = id\n"                                                           \
    "  r[18], r[19], r[20] = false, false, false\n"                            \
    "  return r\n"                                                             \
    "end\n"

/* The queue: users come in turns, jobs of a user in their order. */
#define NT_LUA_QUEUE                                                           \
    NT_LUA_RECORD                                                              \
    "local function tell(id, user, wf, status)\n"                              \
    "  call('PUBLISH', P .. 'jobs:' .. user,\n"                                \
    "    status .. '\\n' .. id .. '\\n' .. wf .. '\\n')\n"                     \
    "end\n"                                                                    \
    "local function enqueue(id, user, first)\n"                                \
    "  local n = call('INCR', P .. 'number')\n"                                \
    "  call('ZADD', P .. 'wait', first and 0 or n, id)\n"                      \
    "  call('ZADD', P .. 'wait:' .. user, first and 0 or n, id)\n"             \
    "  call('ZADD', P .. 'turns', 'NX', n, user)\n"                            \
    "  call('PUBLISH', P .. 'control', 'queue')\n"                             \
    "end\n"                                                                    \
    "local function dequeue(id, user)\n"                                       \
    "  call('ZREM', P .. 'wait', id)\n"                                        \
    "  call('ZREM', P .. 'wait:' .. user, id)\n"                               \
    "  if call('EXISTS', P .. 'wait:' .. user) == 0 then\n"                    \
    "    call('ZREM', P .. 'turns', user)\n"                                   \
    "  end\n"                                                                  \
    "end\n"                                                                    \
    "local function below(name, max)\n"                                        \
    "  return max == '0' or name == 'w:' or\n"                                 \
    "    tonumber(call('HGET', P .. 'load', name) or 0) < tonumber(max)\n"     \
    "end\n"                                                                    \
    "local function count(name, by)\n"                                         \
    "  if call('HINCRBY', P .. 'load', name, by) <= 0 then\n"                  \
    "    call('HDEL', P .. 'load', name)\n"                                    \
    "  end\n"                                                                  \
    "end\n"                                                                    \
    "local function load(id, user, wf, max_user, max_wf)\n"                    \
    "  if max_user == '0' and max_wf == '0' then return end\n"                 \
    "  count('u:' .. user, 1)\n"                                               \
    "  count('w:' .. wf, 1)\n"                                                 \
    "  call('HSET', P .. 'job:' .. id, 'load', 1)\n"                           \
    "end\n"                                                                    \
    "local function unload(id, r)\n"                                           \
    "  if r[1] then\n"                                                         \
    "    count('u:' .. r[2], -1)\n"                                            \
    "    count('w:' .. r[3], -1)\n"                                            \
    "    call('HDEL', P .. 'job:' .. id, 'load')\n"                            \
    "  end\n"                                                                  \
    "end\n"                                                                    \
    "local function again(id, first)\n"                                        \
    "  local job = P .. 'job:' .. id\n"                                        \
    "  local r = call('HMGET', job, 'load', 'user', 'workflow')\n"             \
    "  unload(id, r)\n"                                                        \
    "  call('ZREM', P .. 'leases', id)\n"                                      \
    "  call('HSET', job, 'status', 'queued', 'owner', '')\n"                   \
    "  enqueue(id, r[2], first)\n"                                             \
    "  tell(id, r[2], r[3], 'queued')\n"                                       \
    "end\n"

/* The usual job first, before Lua makes functions that it does not need: it
 * starts at once, has no key, and nothing is limited. */
#define NT_LUA_CREATE_FAST                                                     \
    NT_LUA_PREFIX                                                              \
    "local id, user, wf, base, params, token, lease, line, key, ttl, touch,\n" \
    "  max_queued, max_user, max_wf, graph, open, tells = unpack(ARGV)\n"      \
    "local job = P .. 'job:' .. id\n"                                          \
    "local t = call('TIME')\n"                                                 \
    "local us = string.format('%d', t[1] * 1000000 + t[2])\n"                  \
    "local ms = string.sub(us, 1, -4)\n"                                       \
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
    "local function start()\n"                                                 \
    "  call('HSET', job, 'user', user, 'workflow', wf, 'base', base,\n"        \
    "    'params', params, 'created', ms, 'attempt', 1, 'status',\n"           \
    "    'running', 'started', ms, 'owner', token, 'seq', 0)\n"                \
    "  call('ZADD', P .. 'leases', string.format('%d', ms + lease), id)\n"     \
    "end\n"                                                                    \
    "local function entered(status)\n"                                         \
    "  if graph ~= '' then call('HSET', job, 'graph', graph) end\n"            \
    "  if open == '1' then call('HSET', job, 'open', 1) end\n"                 \
    "  if tells == '1' then\n"                                                 \
    "    call('PUBLISH', P .. 'jobs:' .. user,\n"                              \
    "      status .. '\\n' .. id .. '\\n' .. wf .. '\\n')\n"                   \
    "  end\n"                                                                  \
    "  index(P .. 'user:' .. user)\n"                                          \
    "  index(P .. 'wf:' .. user .. ':' .. wf)\n"                               \
    "  if touch == '1' then\n"                                                 \
    "    call('ZADD', P .. 'users', ms, user)\n"                               \
    "    call('ZREMRANGEBYSCORE', P .. 'users', '-inf',\n"                     \
    "      ms - (ttl + 2592000) * 1000)\n"                                     \
    "  end\n"                                                                  \
    "end\n"                                                                    \
    "if token ~= '' and key == '' and max_user == '0' and max_wf == '0' and\n" \
    "  call('EXISTS', job) == 0 then\n"                                        \
    "  start()\n"                                                              \
    "  entered('running')\n"                                                   \
    "  return tonumber(ms)\n"                                                  \
    "end\n"

/* id user workflow base params token lease_ms queued-line key ttl touch
 * max_queued max_user max_wf graph open tells
 * -> when it was created, ms, for a new job that has a token and may run; nil
 * when the queue is full; else {record, jobs in the queue}.  With token "" it
 * is queued.  Beyond the limit each user may still queue one job.  Indexes
 * outlive their last job by a month, more or less: `touch` is 1 now and then.
 * About every 16th job cleans them of 32 at most that have expired.  Numbers
 * are written with %d, as Lua's own conversion goes over floating point. */
#define NT_LUA_CREATE                                                          \
    NT_LUA_CREATE_FAST                                                         \
    NT_LUA_QUEUE                                                               \
    "if call('EXISTS', job) == 1 then\n"                                       \
    "  return {record(id, nil, true), call('ZCARD', P .. 'wait')}\n"           \
    "end\n"                                                                    \
    "if key ~= '' then\n"                                                      \
    "  key = P .. 'key:' .. #user .. ':' .. user .. ':' .. key\n"              \
    "  local other = call('GET', key)\n"                                       \
    "  local found = other and record(other, 'result', true)\n"                \
    "  if found then\n"                                                        \
    "    call('HSET', P .. 'job:' .. other, 'shared', 1)\n"                    \
    "    return {found, call('ZCARD', P .. 'wait')}\n"                         \
    "  end\n"                                                                  \
    "end\n"                                                                    \
    "if token ~= '' and not (below('u:' .. user, max_user) and\n"              \
    "  below('w:' .. wf, max_wf)) then\n"                                      \
    "  token = ''\n"                                                           \
    "end\n"                                                                    \
    "if token == '' then\n"                                                    \
    "  local n, max = call('ZCARD', P .. 'wait'), tonumber(max_queued)\n"      \
    "  if n >= 2 * max or\n"                                                   \
    "    (n >= max and call('EXISTS', P .. 'wait:' .. user) == 1) then\n"      \
    "    return false\n"                                                       \
    "  end\n"                                                                  \
    "end\n"                                                                    \
    "if token ~= '' then\n"                                                    \
    "  start()\n"                                                              \
    "  load(id, user, wf, max_user, max_wf)\n"                                 \
    "else\n"                                                                   \
    "  call('HSET', job, 'user', user, 'workflow', wf, 'base', base,\n"        \
    "    'params', params, 'created', ms, 'attempt', 1, 'status', 'queued',\n" \
    "    'seq', 1)\n"                                                          \
    "  enqueue(id, user)\n"                                                    \
    "  call('XADD', P .. 'events:' .. id, '1-0', 'e',\n"                       \
    "    line .. place(id, user) .. '}')\n"                                    \
    "end\n"                                                                    \
    "if key ~= '' then\n"                                                      \
    "  call('SET', key, id)\n"                                                 \
    "  call('HSET', job, 'key', key)\n"                                        \
    "end\n"                                                                    \
    "entered(token ~= '' and 'running' or 'queued')\n"                         \
    "if token ~= '' then return now end\n"                                     \
    "return {record(id, nil, true), call('ZCARD', P .. 'wait')}\n"

/* id token last lines min kept -> 1, or 0 when the lease is lost */
#define NT_LUA_APPEND                                                          \
    NT_LUA_PREFIX                                                              \
    "local id, token, last, lines, min, kept = unpack(ARGV)\n"                 \
    "local job = P .. 'job:' .. id\n"                                          \
    "local r = call('HMGET', job, 'owner', 'seq')\n"                           \
    "if r[1] ~= token then return 0 end\n"                                     \
    "if tonumber(r[2]) < tonumber(last) then\n"                                \
    "  call('XADD', P .. 'events:' .. id, 'MINID', '~', min,\n"                \
    "    last .. '-0', 'e', lines)\n"                                          \
    "  call('HSET', job, 'seq', last)\n"                                       \
    "  if kept ~= '' then call('RPUSH', P .. 'kept:' .. id, kept) end\n"       \
    "  call('PUBLISH', P .. 'watch:' .. id, last)\n"                           \
    "end\n"                                                                    \
    "return 1\n"

/* id token last lines min status result error node ntype finished ttl user
 * workflow own tells -> 1, or 0 when the lease is lost.  `own` is 1 for a job
 * that has brought its graph, `tells` when its user may be followed. */
#define NT_LUA_FINISH                                                          \
    NT_LUA_PREFIX                                                              \
    "local id, token, last, lines, min, status, result, err, node, ntype,\n"   \
    "  finished, ttl, user, wf, own, tells = unpack(ARGV)\n"                   \
    "local job, events = P .. 'job:' .. id, P .. 'events:' .. id\n"            \
    "local r = call('HMGET', job, 'owner', 'seq', 'status', 'key', 'load')\n"  \
    "if r[1] ~= token then return 0 end\n"                                     \
    "if r[3] ~= 'running' then return 1 end\n"                                 \
    "if r[2] == '0' then\n"                                                    \
    "  if lines ~= '' then\n"                                                  \
    "    call('SET', P .. 'short:' .. id, lines, 'EX', ttl)\n"                 \
    "  end\n"                                                                  \
    "else\n"                                                                   \
    "  if lines ~= '' and tonumber(r[2]) < tonumber(last) then\n"              \
    "    call('XADD', events, 'MINID', '~', min, last .. '-0', 'e', lines)\n"  \
    "  end\n"                                                                  \
    "  call('EXPIRE', events, ttl)\n"                                          \
    "  call('DEL', P .. 'kept:' .. id)\n"                                      \
    "end\n"                                                                    \
    "call('PUBLISH', P .. 'watch:' .. id, 'end')\n"                            \
    "if tells == '1' then\n"                                                   \
    "  call('PUBLISH', P .. 'jobs:' .. user,\n"                                \
    "    status .. '\\n' .. id .. '\\n' .. wf .. '\\n' .. err)\n"              \
    "end\n"                                                                    \
    "if own == '1' then call('HDEL', job, 'graph') end\n"                      \
    "if status == 'completed' then\n"                                          \
    "  call('HSET', job, 'status', status, 'finished', finished, 'seq',\n"     \
    "    last, 'params', '', 'result', result)\n"                              \
    "else\n"                                                                   \
    "  local set = {'status', status, 'finished', finished, 'seq', last,\n"    \
    "    'params', ''}\n"                                                      \
    "  local why = {error = err, node = node, ntype = ntype}\n"                \
    "  for name, value in pairs(why) do\n"                                     \
    "    if value ~= '' then set[#set + 1], set[#set + 2] = name, value end\n" \
    "  end\n"                                                                  \
    "  call('HSET', job, unpack(set))\n"                                       \
    "end\n"                                                                    \
    "call('ZREM', P .. 'leases', id)\n"                                        \
    "call('EXPIRE', job, ttl)\n"                                               \
    "if r[4] then call('EXPIRE', r[4], ttl) end\n"                             \
    "if r[5] then\n"                                                           \
    "  for _, name in ipairs({'u:' .. user, 'w:' .. wf}) do\n"                 \
    "    if call('HINCRBY', P .. 'load', name, -1) <= 0 then\n"                \
    "      call('HDEL', P .. 'load', name)\n"                                  \
    "    end\n"                                                                \
    "  end\n"                                                                  \
    "  if call('EXISTS', P .. 'wait') == 1 then\n"                             \
    "    call('PUBLISH', P .. 'control', 'queue')\n"                           \
    "  end\n"                                                                  \
    "end\n"                                                                    \
    "return 1\n"

/* id -> record with its result, or nothing */
#define NT_LUA_GET                                                             \
    NT_LUA_RECORD                                                              \
    "return record(ARGV[1], 'result', true)\n"

/* id from n -> n entries of the stream at most, of number `from` and later */
#define NT_LUA_EVENTS                                                          \
    NT_LUA_PREFIX                                                              \
    "local id, from, n = unpack(ARGV)\n"                                       \
    "local found = call('XRANGE', P .. 'events:' .. id, from .. '-0', '+',\n"  \
    "  'COUNT', n)\n"                                                          \
    "if #found == 0 then\n"                                                    \
    "  local lines = call('GET', P .. 'short:' .. id)\n"                       \
    "  if lines then\n"                                                        \
    "    local seq = call('HGET', P .. 'job:' .. id, 'seq')\n"                 \
    "    found[1] = {seq .. '-0', {'e', lines}}\n"                             \
    "  end\n"                                                                  \
    "end\n"                                                                    \
    "return found\n"

#endif
