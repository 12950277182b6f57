/** What is said of degraded hosts that are emptied, in English. */
export const drainEnglish = {
  "log.drain-began": "it lives and is degraded: it is emptied by live migration",
  "log.drain-ordered": "live migration called for {count|server|servers}",
  "log.drain-move": "{server}, live: {state}",
  "log.drain-ended": "the drain has ended: {done} of {count} servers run elsewhere",
  "drain.arrived": "it was to run, and is {status} on {host}",
  "drain.busy": "something else is done with it already ({task})",
  "drain.not-running": "it is {status}: only what runs is migrated live",
  "drain.late": "not known to have ended after {age}: it is not evacuated by us either",
  "alert.drain": "{host} is degraded and is emptied by live migration",
  "alert.drained": "{host} is drained: {done|server runs|servers run} elsewhere",
  "alert.drain-stays": "{host}: {stay} of {count} servers could not be drained",
  "alert.drain-held": "{host} is degraded and is not emptied: held by {gates}",
  "todo.drain-held": "mend what holds it, or migrate its servers by hand",
  "todo.drain": "following every live migration to its end ({done} of {count} so far)",
  "todo.drain-fence":
    "nothing: it is switched off next, and they are evacuated, once every gate is open",
  "todo.drain-stays":
    "migrate or stop them by hand; nothing is fenced while {host} lives: switched off by you, its servers are evacuated",
} as const;
