"""What Redis does by itself, so that of many callers at once no more get one than there are.

A counter is one key, as in `core/throttle.py`: the moment at which it will be full again, in
microseconds. Scripts touch one key each, as a cluster wants.

**Clocks.** That moment is the writer's; a reader whose clock is behind would see one that is
further off than it is, and keep people out for as long as the clocks differ. So a counter also
expires when it is full by Redis's own clock, and a tenth of the limit's period later; whoever sees
that moment further off than that goes by Redis's clock. What is added goes on from the moment
that is written, whoever's it was: clocks that differ all see one counter, and whoever's is ahead
forgets at most once what was counted before it came.

What is at a key and is no counter of ours counts for nothing, and is written over. What would live
longer than any of ours is given the longest life of ours: whoever could write into Redis once would
else keep people out for as long as he said, since who is refused writes nothing. And `nan` is a
number to Lua, and neither more nor less than any other: hence the `not`.
"""

from enum import StrEnum
from hashlib import sha1

COUNT = """
local now, interval, per = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local found = redis.pcall('GET', KEYS[1])
local full_at = type(found) == 'string' and tonumber(found) or 0
local slack, left = per / 10, redis.call('PTTL', KEYS[1]) * 1000
if left > per + slack + 1000 then
  left = per + slack
  redis.call('PEXPIRE', KEYS[1], math.ceil(left / 1000))
end
local used = full_at - now
if not (used <= left) then
  used = left - slack
end
used = math.min(used, per)
if used <= 0 then
  full_at, used = now, 0
end
local function keep(change)
  local expires = math.ceil((used + change + slack) / 1000)
  redis.call('SET', KEYS[1], string.format('%.0f', full_at + change), 'PX', expires)
end
if ARGV[4] == 'give back' then
  if used > interval then
    keep(-interval)
  else
    redis.call('DEL', KEYS[1])
  end
  return 0
end
if used + interval > per then
  return math.ceil(used + interval - per)
end
keep(interval)
return 0
"""
"""One script for all actions: where a server knew that of one and not yet that of another, they
would not run in the order in which they were sent.
"""

NAME = sha1(COUNT.encode(), usedforsecurity=False).hexdigest()
"""What Redis calls it once it knows it."""


class Action(StrEnum):
    """The last of its arguments."""

    TAKE = "take"
    """Gives 0, or how many microseconds to wait."""
    GIVE_BACK = "give back"
    """Gives 0."""
