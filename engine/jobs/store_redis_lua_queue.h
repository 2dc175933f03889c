/*
 * engine/jobs/store_redis_lua_queue.h - the scripts about the queue, leases
 * and lists; see store_redis_lua.h.
 */

#ifndef NT_STORE_REDIS_LUA_QUEUE_H
#define NT_STORE_REDIS_LUA_QUEUE_H

/* id token -> 1, or 0 when the lease is lost */
#define NT_LUA_RELEASE                                                         \
    NT_LUA_QUEUE                                                               \
    "local id, token = unpack(ARGV)\n"                                         \
    "if call('HGET', P .. 'job:' .. id, 'owner') ~= token then return 0 end\n" \
    "again(id, true)\n"                                                        \
    "return 1\n"

/* user ("": all) workflow start-ms start-id limit -> {record, ...}, one more
 * than the limit when there are more.  The jobs of all are those of the
 * thousand users who ran something last, merged. */
#define NT_LUA_LIST                                                            \
    NT_LUA_RECORD                                                              \
    "local user, wf, ms, start, limit = unpack(ARGV)\n"                        \
    "local page, first = {}, 0\n"                                              \
    "limit = limit + 1\n"                                                      \
    "local function index(of)\n"                                               \
    "  if wf == '' then return P .. 'user:' .. of end\n"                       \
    "  return P .. 'wf:' .. of .. ':' .. wf\n"                                 \
    "end\n"                                                                    \
    "local function add(of, id)\n"                                             \
    "  local r = record(id)\n"                                                 \
    "  page[#page + 1] = r or nil\n"                                           \
    "  if not r then call('ZREM', index(of), id) end\n"                        \
    "  return r\n"                                                             \
    "end\n"                                                                    \
    "if user == '' then\n"                                                     \
    "  local heads, below = {}, '+inf'\n"                                      \
    "  local function head(of)\n"                                              \
    "    heads[of] = call('ZREVRANGEBYSCORE', index(of), below, '-inf',\n"     \
    "      'WITHSCORES', 'LIMIT', 0, 1)\n"                                     \
    "    if not heads[of][1] then heads[of] = nil end\n"                       \
    "  end\n"                                                                  \
    "  if start ~= '' then\n"                                                  \
    "    local of = call('HGET', P .. 'job:' .. start, 'user')\n"              \
    "    below = '(' .. (of and call('ZSCORE', P .. 'user:' .. of, start) "    \
    "or\n"                                                                     \
    "      string.format('%d', ms * 1000))\n"                                  \
    "  end\n"                                                                  \
    "  for _, of in ipairs(call('ZREVRANGE', P .. 'users', 0, 999)) do\n"      \
    "    head(of)\n"                                                           \
    "  end\n"                                                                  \
    "  while #page < limit do\n"                                               \
    "    local best, newest\n"                                                 \
    "    for of, h in pairs(heads) do\n"                                       \
    "      if not best or tonumber(h[2]) > newest then\n"                      \
    "        best, newest = of, tonumber(h[2])\n"                              \
    "      end\n"                                                              \
    "    end\n"                                                                \
    "    if not best then break end\n"                                         \
    "    add(best, heads[best][1])\n"                                          \
    "    below = '(' .. heads[best][2]\n"                                      \
    "    head(best)\n"                                                         \
    "  end\n"                                                                  \
    "  return page\n"                                                          \
    "end\n"                                                                    \
    "if start ~= '' then\n"                                                    \
    "  local rank = call('ZREVRANK', index(user), start)\n"                    \
    "  if rank then\n"                                                         \
    "    first = rank + 1\n"                                                   \
    "  else\n"                                                                 \
    "    first = call('ZCOUNT', index(user), ms * 1000, '+inf')\n"             \
    "  end\n"                                                                  \
    "end\n"                                                                    \
    "while #page < limit do\n"                                                 \
    "  local last = first + limit - #page - 1\n"                               \
    "  local ids = call('ZREVRANGE', index(user), first, last)\n"              \
    "  if #ids == 0 then break end\n"                                          \
    "  for _, id in ipairs(ids) do\n"                                          \
    "    if add(user, id) then first = first + 1 end\n"                        \
    "  end\n"                                                                  \
    "end\n"                                                                    \
    "return page\n"

/* user ("": all) limit -> {record, ...}: jobs that are queued or run, the
 * newest first */
#define NT_LUA_ACTIVE                                                          \
    NT_LUA_RECORD                                                              \
    "local user, limit = ARGV[1], tonumber(ARGV[2])\n"                         \
    "local found = {}\n"                                                       \
    "local function add(ids)\n"                                                \
    "  for _, id in ipairs(ids) do\n"                                          \
    "    local r = record(id)\n"                                               \
    "    if r and (user == '' or r[1] == user) and\n"                          \
    "      (r[4] == 'queued' or r[4] == 'running') then\n"                     \
    "      found[#found + 1] = r\n"                                            \
    "    end\n"                                                                \
    "  end\n"                                                                  \
    "end\n"                                                                    \
    "add(call('ZRANGE', P .. 'leases', 0, -1))\n"                              \
    "add(call('ZREVRANGE', P .. (user == '' and 'wait' or 'wait:' .. user),\n" \
    "  0, limit - 1))\n"                                                       \
    "table.sort(found, function(a, b)\n"                                       \
    "  return tonumber(a[8]) > tonumber(b[8])\n"                               \
    "end)\n"                                                                   \
    "while #found > limit do table.remove(found) end\n"                        \
    "return found\n"

/* id line ttl -> record, or nothing */
#define NT_LUA_CANCEL                                                          \
    NT_LUA_QUEUE                                                               \
    "local id, line, ttl = unpack(ARGV)\n"                                     \
    "local job = P .. 'job:' .. id\n"                                          \
    "local r = call('HMGET', job, 'status', 'user', 'seq', 'key', "            \
    "'workflow')\n"                                                            \
    "if r[1] == 'queued' then\n"                                               \
    "  dequeue(id, r[2])\n"                                                    \
    "  local last = r[3] + 1\n"                                                \
    "  call('XADD', P .. 'events:' .. id, last .. '-0', 'e', line)\n"          \
    "  call('HSET', job, 'status', 'cancelled', 'finished', now, 'seq',\n"     \
    "    last, 'params', '')\n"                                                \
    "  call('DEL', P .. 'kept:' .. id)\n"                                      \
    "  call('HDEL', job, 'graph')\n"                                           \
    "  call('EXPIRE', job, ttl)\n"                                             \
    "  call('EXPIRE', P .. 'events:' .. id, ttl)\n"                            \
    "  if r[4] then call('EXPIRE', r[4], ttl) end\n"                           \
    "  call('PUBLISH', P .. 'watch:' .. id, 'end')\n"                          \
    "  tell(id, r[2], r[5], 'cancelled')\n"                                    \
    "elseif r[1] == 'running' then\n"                                          \
    "  call('HSET', job, 'cancel', 1)\n"                                       \
    "  call('PUBLISH', P .. 'control', 'cancel ' .. id)\n"                     \
    "end\n"                                                                    \
    "return record(id, 'result', true)\n"

/* engine lease_ms n max_user max_wf
 * -> {jobs left in the queue, record with params, ...}, n at most, and no
 * more than this engine's share of the queue.  A record's last field is what
 * earlier attempts have kept.  Looks at so many jobs of a user, when the first
 * ones are of workflows that run as often as they may. */
#define NT_LUA_CLAIM                                                           \
    NT_LUA_QUEUE                                                               \
    "local engine, lease, n, max_user, max_wf = unpack(ARGV)\n"                \
    "local looked = max_wf == '0' and 0 or 63\n"                               \
    "local taken = {0}\n"                                                      \
    "local function take(id, user, wf)\n"                                      \
    "  local job = P .. 'job:' .. id\n"                                        \
    "  dequeue(id, user)\n"                                                    \
    "  if call('HSETNX', job, 'started', now) == 0 then\n"                     \
    "    call('HINCRBY', job, 'attempt', 1)\n"                                 \
    "  end\n"                                                                  \
    "  local attempt = call('HGET', job, 'attempt')\n"                         \
    "  call('HSET', job, 'status', 'running', 'owner',\n"                      \
    "    engine .. ':' .. attempt)\n"                                          \
    "  call('ZADD', P .. 'leases', now + lease, id)\n"                         \
    "  load(id, user, wf, max_user, max_wf)\n"                                 \
    "  local r = record(id, 'params')\n"                                       \
    "  if attempt ~= '1' then\n"                                               \
    "    local kept = call('LRANGE', P .. 'kept:' .. id, 0, -1)\n"             \
    "    r[18] = table.concat(kept, '\\n')\n"                                  \
    "  end\n"                                                                  \
    "  local own = call('HMGET', job, 'graph', 'open')\n"                      \
    "  r[19], r[20] = own[1], own[2]\n"                                        \
    "  tell(id, user, wf, 'running')\n"                                        \
    "  taken[#taken + 1] = r\n"                                                \
    "end\n"                                                                    \
    "local function last(user)\n"                                              \
    "  call('ZADD', P .. 'turns', 'XX', call('INCR', P .. 'number'), user)\n"  \
    "end\n"                                                                    \
    "local function turn(user)\n"                                              \
    "  if not below('u:' .. user, max_user) then return false end\n"           \
    "  local ids = call('ZRANGE', P .. 'wait:' .. user, 0, looked)\n"          \
    "  for _, id in ipairs(ids) do\n"                                          \
    "    local r = call('HMGET', P .. 'job:' .. id, 'workflow', 'status')\n"   \
    "    if r[2] ~= 'queued' then\n"                                           \
    "      dequeue(id, user)\n"                                                \
    "    elseif below('w:' .. r[1], max_wf) then\n"                            \
    "      take(id, user, r[1])\n"                                             \
    "      last(user)\n"                                                       \
    "      return true\n"                                                      \
    "    end\n"                                                                \
    "  end\n"                                                                  \
    "  return false\n"                                                         \
    "end\n"                                                                    \
    "local engines = call('ZCOUNT', P .. 'engines', now - lease, '+inf')\n"    \
    "local share = call('ZCARD', P .. 'wait') / math.max(engines, 1)\n"        \
    "n = math.min(n, math.ceil(share))\n"                                      \
    "local users = call('ZRANGE', P .. 'turns', 0, 255)\n"                     \
    "local full = #users == 256\n"                                             \
    "while #taken <= n and #users > 0 do\n"                                    \
    "  local more = {}\n"                                                      \
    "  for _, user in ipairs(users) do\n"                                      \
    "    if #taken > n then break end\n"                                       \
    "    if turn(user) then\n"                                                 \
    "      more[#more + 1] = user\n"                                           \
    "    elseif full then\n"                                                   \
    "      last(user)\n"                                                       \
    "    end\n"                                                                \
    "  end\n"                                                                  \
    "  users = more\n"                                                         \
    "end\n"                                                                    \
    "taken[1] = call('ZCARD', P .. 'wait')\n"                                  \
    "return taken\n"

/* engine lease_ms reap follows "id token id token ..."
 * -> {jobs in the queue, reaped, {id, token, ... lost}, {id, token, ... to
 * cancel}, whether somebody follows}: renews leases and, when `reap` is 1,
 * queues again the jobs whose leases have lapsed.  `follows` is 1 when somebody
 * on this engine follows users' jobs. */
#define NT_LUA_TICK                                                            \
    NT_LUA_QUEUE                                                               \
    "local engine, lease, reap, follows, held = unpack(ARGV)\n"                \
    "local leases = P .. 'leases'\n"                                           \
    "local lost, cancel, reaped = {}, {}, 0\n"                                 \
    "call('ZADD', P .. 'engines', now, engine)\n"                              \
    "call('ZREMRANGEBYSCORE', P .. 'engines', '-inf', now - 2 * lease)\n"      \
    "for id, token in string.gmatch(held, '(%S+) (%S+)') do\n"                 \
    "  local r = call('HMGET', P .. 'job:' .. id, 'owner', 'cancel',\n"        \
    "    'status')\n"                                                          \
    "  if r[1] ~= token then\n"                                                \
    "    lost[#lost + 1], lost[#lost + 2] = id, token\n"                       \
    "  elseif r[3] == 'running' then\n"                                        \
    "    call('ZADD', leases, now + lease, id)\n"                              \
    "    if r[2] then\n"                                                       \
    "      cancel[#cancel + 1], cancel[#cancel + 2] = id, token\n"             \
    "    end\n"                                                                \
    "  end\n"                                                                  \
    "end\n"                                                                    \
    "if reap == '1' then\n"                                                    \
    "  local lapsed = call('ZRANGEBYSCORE', leases, '-inf', now,\n"            \
    "    'LIMIT', 0, 64)\n"                                                    \
    "  for _, id in ipairs(lapsed) do\n"                                       \
    "    local job = P .. 'job:' .. id\n"                                      \
    "    if call('HGET', job, 'status') == 'running' then\n"                   \
    "      call('HINCRBY', job, 'lost', 1)\n"                                  \
    "      again(id, true)\n"                                                  \
    "      reaped = reaped + 1\n"                                              \
    "    else\n"                                                               \
    "      call('ZREM', leases, id)\n"                                         \
    "    end\n"                                                                \
    "  end\n"                                                                  \
    "end\n"                                                                    \
    "if follows == '1' then\n"                                                 \
    "  if call('EXISTS', P .. 'follows') == 0 then\n"                          \
    "    call('PUBLISH', P .. 'control', 'follow')\n"                          \
    "  end\n"                                                                  \
    "  call('SET', P .. 'follows', 1, 'PX', lease * 2)\n"                      \
    "end\n"                                                                    \
    "return {call('ZCARD', P .. 'wait'), reaped, lost, cancel,\n"              \
    "  call('EXISTS', P .. 'follows')}\n"

/* id token: takes back a job whose creator was told that it failed, unless
 * somebody has taken notice of it since */
#define NT_LUA_ABANDON                                                         \
    NT_LUA_QUEUE                                                               \
    "local id, token = unpack(ARGV)\n"                                         \
    "local job = P .. 'job:' .. id\n"                                          \
    "local r = call('HMGET', job, 'owner', 'status', 'key', 'user',\n"         \
    "  'workflow', 'shared', 'load')\n"                                        \
    "if r[6] or not r[2] or (r[2] ~= 'queued' and r[1] ~= token) or\n"         \
    "  (r[2] ~= 'queued' and r[2] ~= 'running') then\n"                        \
    "  return 0\n"                                                             \
    "end\n"                                                                    \
    "unload(id, {r[7], r[4], r[5]})\n"                                         \
    "dequeue(id, r[4])\n"                                                      \
    "if r[3] then call('DEL', r[3]) end\n"                                     \
    "call('ZREM', P .. 'leases', id)\n"                                        \
    "call('ZREM', P .. 'user:' .. r[4], id)\n"                                 \
    "call('ZREM', P .. 'wf:' .. r[4] .. ':' .. r[5], id)\n"                    \
    "call('DEL', job, P .. 'events:' .. id, P .. 'kept:' .. id)\n"             \
    "return 1\n"

/* id message -> how many have heard it: 0, or 1, the engine that runs the
 * job */
#define NT_LUA_PASS                                                            \
    NT_LUA_PREFIX                                                              \
    "local id, message = unpack(ARGV)\n"                                       \
    "local r = call('HMGET', P .. 'job:' .. id, 'status', 'owner')\n"          \
    "if r[1] ~= 'running' or not r[2] then return 0 end\n"                     \
    "local engine = string.match(r[2], '^[^:]*')\n"                            \
    "return call('PUBLISH', P .. 'engine:' .. engine, message)\n"

/* engine message -> the same */
#define NT_LUA_REPLY                                                           \
    NT_LUA_PREFIX                                                              \
    "return call('PUBLISH', P .. 'engine:' .. ARGV[1], ARGV[2])\n"

#endif
