/** What is said of rehearsals and of devices that are not verified, in English. */
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
  "value.rehearsed-other": "of {host}, which may have switched this host off",
  "rehearse.enabled": "enabled in Nova, or not listed there",
  "rehearse.in-maintenance": "disabled in Nova, and in maintenance",
  "rehearse.by-us": "disabled in Nova by us, and not in maintenance",
  "rehearse.taken-out": "disabled in Nova by a person; by us: in maintenance besides",
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
  "rehearse.late":
    "no report of a new boot for {limit} since power on was ordered; it is waited for until {last} have passed",
  "rehearse.changed": "{device} shows another identity than when it was asked for",
  "rehearse.mute":
    "{reason}; {devices} did not answer for {limit} after that: switch the host on by hand",
  "rehearse.left":
    "{reason}; it is not switched on again, since it may be the chassis of {hosts}, fenced meanwhile",
  "rehearse.restarted": "the guardian was started anew in the middle of it",
  "alert.rehearsal": "{host}: the rehearsal of its power devices failed",
  "alert.rehearsal-late": "{host} has not come back from the rehearsal of its power devices",
  "log.switching-back": "power on ordered from {devices}, since no server was moved: {reason}",
  "log.switched-back": "{devices} reads on again: {reason}",
  "log.not-switched-back": "not switched on again: {reason}",
  "alert.not-switched-back":
    "{host}: the chassis that its fence switched off, perhaps another host's, is not on again",
  "todo.not-switched-back":
    "find out whose chassis the power devices of {host} switch, and switch it on by hand; then mend their addresses, and: guardian fence rehearse {host} --cycle --reason …",
  "todo.rehearsal":
    "mend what is named, then again: guardian fence rehearse {host} --cycle --reason …; or: guardian fence vouch {host} --reason …",
  "log.verified-share":
    "{verified} of {devices} power devices are verified, must be >= {limit} %: no fence goes through the others; see: guardian doctor",
  "alert.verified-share":
    "fewer than {limit} % of the power devices are verified: no fence goes through the others",
  "why.verified-share": "{verified} of {devices} power devices are verified, must be >= {limit} %",
  "impact.verified-share": "{count|power device|power devices} through which no host can be fenced",
  "todo.verified-share": "guardian doctor lists them, each with its way out",
  "doctor.no-device": "no power device is configured",
  "doctor.configure": "configure one: it cannot be fenced",
  "doctor.inside": "it shows {identity}, which its host reads from its BMC, too",
  "doctor.uuid": "it shows {identity}, which is its host's UUID",
  "doctor.vouched": "{by} vouches for it",
  "doctor.rehearsed": "rehearsed by {by}",
  "doctor.mend": "mend {device}, its address, its password or the way to it",
  "doctor.probe":
    "let its probe read the DMI UUID (run it as root); or empty the host, then: guardian fence rehearse {host} --cycle --reason …; or: guardian fence vouch {host} --reason …",
  "doctor.compare":
    "compare its address with the host's; then empty the host, and: guardian fence rehearse {host} --cycle --reason …; or: guardian fence vouch {host} --reason …",
  "alert.power-restore": "{host} comes on by itself when its mains come back",
  "why.power-restore": "{device}: power restore policy always-on, must be always-off or last-state",
  "impact.power-restore": "a fenced host may start its servers a second time after an outage",
  "todo.power-restore":
    "set it to last-state or always-off: ipmitool chassis policy always-off, or PowerRestorePolicy over Redfish",
} as const;
