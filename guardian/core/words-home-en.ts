/** What is said of the way home of a fenced host, in English. */
export const homeEnglish = {
  "log.home-asked": "its way home is asked for by {by}: {reason}",
  "log.undo":
    "called off by {by}: {reason}; no further move is called, those that Nova took are followed to their end, then it comes home",
  "log.home-on": "nothing of it moves any more: power on ordered from {devices}",
  "log.home-boot": "it reports a new boot: its nova-compute must clean up after what was evacuated",
  "log.home-clean":
    "Nova has cleaned it up, and its libvirt has no server that Nova puts elsewhere; servers on it: {count}",
  "log.home-up": "not forced down any more; it must be up, and well on all counts",
  "log.home-well": "it is up and well on all counts",
  "log.home-enabled": "enabled in Nova, our mark is gone",
  "log.home-off": "power off ordered again from {devices}: a server may run twice",
  "log.home-stopped": "it does not come home: {reason}",
  "left.undone": "the fence was called off by {by}",
  "home.by-policy": "the policy (comeHome: power-on)",
  "home.failed": "whether these run elsewhere is not known: {servers}",
  "home.unlisted": "it reported {count|server|servers} that Nova never listed",
  "home.confirmed": "people confirmed that it was off: they know why, and switch it on",
  "home.destination": "Nova was moving these to it when it died, and would go on: {servers}",
  "home.again": "it came home less than a day ago and has failed again",
  "home.same-boot":
    "it reports the boot that was fenced: its power was never off, and its servers may run twice",
  "home.mark": "what Nova shows of it is not our mark any more: somebody has changed it",
  "home.gates": "held by {gates;}",
  "home.moving": "moves and tasks that have not ended in Nova: {count}, must be = 0",
  "home.late": "not within {limit}: {missing}",
  "home.twice":
    "its libvirt runs {running|server|servers}, and Nova puts {placed} on it: one may run twice",
  "home.not-empty": "servers that Nova puts on it: {count}, must be = 0 to switch it off",
  "home.reads-on": "its power does not read off",
  "home.still-on": "{reason}; it is not switched off again: {why}",
  "home.off-again": "{reason}; it was switched off again",
  "home.need-boot": "a report of a new boot",
  "home.need-libvirt": "its probe's view of libvirt",
  "home.need-clean": "evacuations that its nova-compute must clean up after: {count}",
  "home.need-up": "it is forced down in Nova",
  "home.need-compute": "its nova-compute is not up",
  "home.need-well": "it is not well on all counts",
  "home.need-state":
    "servers on it that Nova calls ERROR: {count}; see that they run, then: openstack server set --state active",
  "home.need-servers": "servers that stayed on it do not run: {count}",
  "home.need-enabled": "it is disabled in Nova",
  "alert.home": "{host} comes home",
  "alert.evacuated-home": "{host}: all {count} servers run elsewhere; it comes home",
  "impact.home": "no server waits for this",
  "log.runs-more": "taken back, and its libvirt runs {running}, while Nova has {servers} on it",
  "alert.home-twice": "{host} is back, and runs servers that may run elsewhere, too",
  "alert.home-stopped": "{host} does not come home: {reason}",
  "why.home-by": "asked for by {by}",
  "why.home-missing": "missing: {missing}",
  "todo.home":
    "it is switched on, cleaned up by Nova, taken up and enabled, in this order; a stall is told",
  "todo.home-stopped":
    "mend what is named; then guardian host undo {host} --reason … goes on, or guardian host release {host} --reason … makes it yours",
  "todo.home-grave":
    "look at once which servers run on {host}, and switch it off where one runs twice; then: guardian host release {host} --reason …",
  "todo.runs-more":
    "look at once which servers run on {host}, and where Nova has them: stop there what runs twice, or switch {host} off",
  "todo.home-comes":
    "nothing: it comes home by itself (guardian host explain {host}); a stall is told",
} as const;
