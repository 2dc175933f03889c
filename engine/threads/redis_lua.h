/*
 * engine/threads/redis_lua.h - what the store of threads in Redis does at
 * once.
 *
 * KEYS[1] is the prefix of all keys, "nodetool:{threads}:", which the braces
 * keep in one slot of a cluster.  Behind it:
 *
 *   thread:ID    hash: user, title, created, updated (ms), order, n (number
 *                of the last message), bytes (of messages), recent (tokens of
 *                the last messages with their numbers: one that is sent again
 *                is not appended again)
 *   messages:ID  stream; an entry is a message: NUMBER-0 with the fields t
 *                (token), r (role) and m (an object of JSON)
 *   user:U       sorted set: the user's threads by their order
 *
 * Nothing expires.  A thread is returned as {user, title, created, updated,
 * order, id}; "none", "foreign", "full" and "empty" say why there is nothing.
 */

#ifndef NT_THREADS_REDIS_LUA_H
#define NT_THREADS_REDIS_LUA_H

#define NT_THREADS_PREFIX "nodetool:{threads}:"

/* ARGV[1] is the thread's id, ARGV[2] a user, "" for whoever owns it. */
#define NT_LUA_THREAD                                                          \
    "local P, call = KEYS[1], redis.call\n"                                    \
    "local id, user = ARGV[1], ARGV[2]\n"                                      \
    "local key, list = P .. 'thread:' .. id, P .. 'messages:' .. id\n"         \
    "local function thread(id)\n"                                              \
    "  local r = call('HMGET', P .. 'thread:' .. id, 'user', 'title',\n"       \
    "    'created', 'updated', 'order')\n"                                     \
    "  r[6] = id\n"                                                            \
    "  return r[1] and r or 'none'\n"                                          \
    "end\n"                                                                    \
    "local function own()\n"                                                   \
    "  local r = thread(id)\n"                                                 \
    "  if type(r) == 'table' and user ~= '' and r[1] ~= user then\n"           \
    "    return 'foreign'\n"                                                   \
    "  end\n"                                                                  \
    "  return r\n"                                                             \
    "end\n"

/* Makes the thread: its title ("" for none), the time, the most that a user
 * may have.  The order is in microseconds, and no two are the same. */
#define NT_LUA_MAKE                                                            \
    "local function make(title, now, max)\n"                                   \
    "  local index = P .. 'user:' .. user\n"                                   \
    "  if call('ZCARD', index) >= tonumber(max) then return 'full' end\n"      \
    "  local order = tonumber(now) * 1000\n"                                   \
    "  local top = call('ZREVRANGE', index, 0, 0, 'WITHSCORES')\n"             \
    "  if top[2] and tonumber(top[2]) >= order then\n"                         \
    "    order = tonumber(top[2]) + 1\n"                                       \
    "  end\n"                                                                  \
    "  order = string.format('%.0f', order)\n"                                 \
    "  call('HSET', key, 'user', user, 'created', now, 'updated', now,\n"      \
    "    'order', order)\n"                                                    \
    "  if title ~= '' then call('HSET', key, 'title', title) end\n"            \
    "  call('ZADD', index, order, id)\n"                                       \
    "  return thread(id)\n"                                                    \
    "end\n"

/* title, now, max */
#define NT_LUA_THREAD_CREATE                                                   \
    NT_LUA_THREAD NT_LUA_MAKE "local r = own()\n"                              \
                              "if r ~= 'none' then return r end\n"             \
                              "return make(ARGV[3], ARGV[4], ARGV[5])\n"

#define NT_LUA_THREAD_GET NT_LUA_THREAD "return own()\n"

/* title, now */
#define NT_LUA_THREAD_RENAME                                                   \
    NT_LUA_THREAD                                                              \
    "local r = own()\n"                                                        \
    "if type(r) ~= 'table' then return r end\n"                                \
    "call('HSET', key, 'title', ARGV[3], 'updated', ARGV[4])\n"                \
    "return thread(id)\n"

#define NT_LUA_THREAD_REMOVE                                                   \
    NT_LUA_THREAD                                                              \
    "local r = own()\n"                                                        \
    "if type(r) ~= 'table' then return r end\n"                                \
    "call('DEL', key, list)\n"                                                 \
    "call('ZREM', P .. 'user:' .. r[1], id)\n"                                 \
    "return r\n"

/* The id is not used: the order before which to begin ("" for the newest),
 * how many.  {order to go on with or false, thread, ...} */
#define NT_LUA_THREAD_LIST                                                     \
    NT_LUA_THREAD                                                              \
    "local max = ARGV[3] == '' and '+inf' or '(' .. ARGV[3]\n"                 \
    "local limit = tonumber(ARGV[4])\n"                                        \
    "local ids = call('ZREVRANGEBYSCORE', P .. 'user:' .. user, max,\n"        \
    "  '-inf', 'LIMIT', 0, limit + 1)\n"                                       \
    "local out, last = { false }, false\n"                                     \
    "for i, id in ipairs(ids) do\n"                                            \
    "  local t = thread(id)\n"                                                 \
    "  if i > limit then\n"                                                    \
    "    out[1] = last\n"                                                      \
    "  elseif type(t) == 'table' then\n"                                       \
    "    out[#out + 1], last = t, t[5]\n"                                      \
    "  end\n"                                                                  \
    "end\n"                                                                    \
    "return out\n"

/* title, now and max for a new thread; token, role, text; the most messages
 * and bytes of a thread.  The number of the message. */
#define NT_LUA_MESSAGE_APPEND                                                  \
    NT_LUA_THREAD NT_LUA_MAKE                                                  \
        "local r = own()\n"                                                    \
        "if r == 'none' then r = make(ARGV[3], ARGV[4], ARGV[5]) end\n"        \
        "if type(r) ~= 'table' then return r end\n"                            \
        "local token, text = ARGV[6], ARGV[8]\n"                               \
        "local recent = call('HGET', key, 'recent') or ''\n"                   \
        "local known = string.match(recent, token .. ':(%d+);')\n"             \
        "if known then return tonumber(known) end\n"                           \
        "local n = call('HINCRBY', key, 'n', 1)\n"                             \
        "call('XADD', list, n .. '-0', 't', token, 'r', ARGV[7], 'm', text)\n" \
        "local bytes = call('HINCRBY', key, 'bytes', #text)\n"                 \
        "local len = call('XLEN', list)\n"                                     \
        "while len > tonumber(ARGV[9]) or\n"                                   \
        "      (len > 1 and bytes > tonumber(ARGV[10])) do\n"                  \
        "  local e = call('XRANGE', list, '-', '+', 'COUNT', 1)[1]\n"          \
        "  call('XDEL', list, e[1])\n"                                         \
        "  bytes = call('HINCRBY', key, 'bytes', -#e[2][6])\n"                 \
        "  len = len - 1\n"                                                    \
        "end\n"                                                                \
        "recent = recent .. token .. ':' .. n .. ';'\n"                        \
        "if #recent > 500 then\n"                                              \
        "  recent = string.sub(recent, string.find(recent, ';', 1, true) + "   \
        "1)\n"                                                                 \
        "end\n"                                                                \
        "call('HSET', key, 'updated', ARGV[4], 'recent', recent)\n"            \
        "return n\n"

/* The number to begin behind or, reversed, before ("" for the first or last);
 * how many, how many bytes, "1" for reversed.  {"1" when there are more or
 * false, number, token, text, ...} */
#define NT_LUA_MESSAGE_LIST                                                    \
    NT_LUA_THREAD                                                              \
    "local r = own()\n"                                                        \
    "if type(r) ~= 'table' then return r end\n"                                \
    "local from, limit = ARGV[3], tonumber(ARGV[4])\n"                         \
    "local room, reverse = tonumber(ARGV[5]), ARGV[6] == '1'\n"                \
    "local out, n = { false }, 0\n"                                            \
    "while true do\n"                                                          \
    "  local es\n"                                                             \
    "  if reverse then\n"                                                      \
    "    es = call('XREVRANGE', list,\n"                                       \
    "      from == '' and '+' or (from - 1) .. '-0', '-', 'COUNT', 8)\n"       \
    "  else\n"                                                                 \
    "    es = call('XRANGE', list,\n"                                          \
    "      from == '' and '-' or (from + 1) .. '-0', '+', 'COUNT', 8)\n"       \
    "  end\n"                                                                  \
    "  if #es == 0 then return out end\n"                                      \
    "  for _, e in ipairs(es) do\n"                                            \
    "    room = room - #e[2][6]\n"                                             \
    "    if n == limit or (n > 0 and room < 0) then\n"                         \
    "      out[1] = '1'\n"                                                     \
    "      return out\n"                                                       \
    "    end\n"                                                                \
    "    from = string.match(e[1], '%d+')\n"                                   \
    "    n = n + 1\n"                                                          \
    "    out[#out + 1] = from\n"                                               \
    "    out[#out + 1] = e[2][2]\n"                                            \
    "    out[#out + 1] = e[2][6]\n"                                            \
    "  end\n"                                                                  \
    "end\n"

/* How many were dropped. */
#define NT_LUA_MESSAGE_DROP                                                    \
    NT_LUA_THREAD                                                              \
    "local r = own()\n"                                                        \
    "if type(r) ~= 'table' then return r end\n"                                \
    "local drop, bytes, from = {}, 0, '+'\n"                                   \
    "while true do\n"                                                          \
    "  local es = call('XREVRANGE', list, from, '-', 'COUNT', 8)\n"            \
    "  if #es == 0 then return 'empty' end\n"                                  \
    "  for _, e in ipairs(es) do\n"                                            \
    "    if e[2][4] == 'user' then\n"                                          \
    "      for _, id in ipairs(drop) do call('XDEL', list, id) end\n"          \
    "      call('HINCRBY', key, 'bytes', -bytes)\n"                            \
    "      return #drop\n"                                                     \
    "    end\n"                                                                \
    "    drop[#drop + 1] = e[1]\n"                                             \
    "    bytes = bytes + #e[2][6]\n"                                           \
    "    from = (string.match(e[1], '%d+') - 1) .. '-0'\n"                     \
    "  end\n"                                                                  \
    "end\n"

#endif
