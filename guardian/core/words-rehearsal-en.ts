/** What is said of rehearsals, in English. */
export const rehearsalEnglish = {
  "log.rehearsal-asked":
    "rehearsal of {devices} asked for by {by}: {reason}; it begins once Nova has listed no server on it twice",
  "log.rehearsal-off": "rehearsal: power off ordered from {devices}",
  "log.rehearsal-silent":
    "rehearsal: it reads off, and it alone fell silent: power on ordered; its new boot is awaited",
  "log.rehearsal-stops": "rehearsal: {reason}; power on ordered",
  "log.rehearsal-passed":
    "rehearsal passed: it fell silent with {devices} and returned with a new boot: verified",
  "log.rehearsal-refused": "rehearsal ends, nothing was switched off: {reason}",
  "log.rehearsal-failed": "rehearsal failed: {reason}",
  "log.not-on": "{device} was not switched on: {reason}",
  "value.rehearsed": "under way",
  "rehearse.in-maintenance": "in maintenance",
  "rehearse.taken-out": "in maintenance, or disabled in Nova by a person",
  "rehearse.incident": "{id}, {phase}",
  "rehearse.level": "power devices in level {level}",
  "rehearse.device": "on, and not another host's",
  "rehearse.unread": "not read yet",
  "rehearse.no-answer": "no answer: {reason}",
  "rehearse.another": "it shows {identity}, which is {host}",
  "rehearse.reads": "{power}",
  "rehearse.servers": "servers that Nova lists on it: {count}, must be = 0",
  "rehearse.gates": "{gates;}",
  "rehearse.unknown":
    "Nova did not list its servers twice, or a device did not answer, within {limit}",
  "rehearse.not-off": "it does not read off {lasted} after the order",
  "rehearse.boot": "it reports the same boot as before: its power was never off",
  "rehearse.no-return": "no report of a new boot within {limit}",
  "rehearse.restarted": "the guardian was started anew in the middle of it",
  "alert.rehearsal": "{host}: the rehearsal of its power devices failed",
  "todo.rehearsal":
    "mend what is named, then again: guardian fence rehearse {host} --cycle --reason …; or: guardian fence vouch {host} --reason …",
} as const;
