#!/bin/sh
# Runs workerd so that it ends with the process that started it, however that one ends: left alone, it would go on holding
# the port and the data. Its process id is in a file from the start.
#
# MILLRACE_WORKERD: the binary. MILLRACE_WORKERD_PID: the file for the id, if any.
[ -z "$MILLRACE_WORKERD_PID" ] || echo $$ >"$MILLRACE_WORKERD_PID"

# Linux ends it at once.
if [ -z "$MILLRACE_NO_SETPRIV" ] && setpriv --pdeathsig KILL true 2>/dev/null; then
  exec setpriv --pdeathsig KILL "$MILLRACE_WORKERD" "$@"
fi

# Elsewhere a shell watches both. It must not hold workerd's pipes open.
parent=$PPID
(
  while kill -0 "$parent" && kill -0 $$; do sleep 1; done
  kill -KILL $$
) </dev/null >/dev/null 2>&1 3>&- &
exec "$MILLRACE_WORKERD" "$@"
