/** Titles, reasons, impact and next steps of the alerts in English. */
export const alertsEnglish = {
  "duration.seconds": "{seconds} s",
  "duration.minutes": "{minutes} min {seconds} s",
  "duration.hours": "{hours} h {minutes} min",

  "alert.blind": "the guardian's own eyes are in doubt: {gates}",
  "alert.started-unasked": "{host} started its servers without the guardian's word",
  "alert.unguarded-down":
    "{host} looks down, and nothing guards it: Nova has not heard it for a minute, and it answers no ping",
  "alert.disarmed": "the guardian is disarmed: {why}",
  "alert.nova": "Nova does not answer the guardian: no server can be evacuated",
  "alert.network": "the {network} network is not seen: none of its anchors answers without breaks",
  "alert.collector": "collector {collector} tells nothing new: the guardian goes on by the others",
  "alert.store": "the store is behind collector {collector}: the guardian goes on by its live view",
  "alert.storm": "storm: more hosts are in trouble than may be acted on by itself",
  "alert.storm-in":
    "storm in {scope}: more of its hosts are in trouble than may be acted on by itself",

  "alert.verdict": "{host} is {verdict}: {says}",
  "alert.quarantined": "{host} is in quarantine: its state broke a promise of the design",
  "alert.device": "power device {device} of {host} is not verified: no fence goes through it",
  "alert.device-mute": "power device {device} of {host} does not answer: no fence goes through it",
  "alert.power-network": "many power devices do not answer: their network may be down",
  "alert.fence-failed": "{host} could not be fenced: nothing is evacuated",
  "alert.unattended": "{host} has been silent for more than {limit} and nothing moves",
  "alert.ask": "{host} is dead: shall we fence it and evacuate its servers?",
  "alert.held": "{host} is {verdict}, and we do not act: {gates}",
  "alert.proof-lapsed": "{host}: its proof lapsed, no new move starts",
  "alert.proof-revoked": "{host}: it showed life ({life}), no new move starts",
  "alert.servers-wait": "{host} is fenced, and its servers wait: {gates}",
  "alert.stalled": "{host} is fenced, and its servers do not move: {what}",
  "alert.evacuating": "{host} is dead and fenced: its servers are being evacuated",
  "alert.unlisted": "{host}: its last report counted {count} more servers than Nova listed",
  "alert.evacuated": "{host}: all {count} servers run elsewhere; repair it and release it",
  "alert.moves-again": "{host}: servers could not be moved yet, and are tried again",
  "alert.moves-fail": "{host}: servers could not be moved, and its evacuation goes on",
  "alert.left-behind": "{host}: {missing} of {count} servers do not run elsewhere",
  "alert.left-by-policy":
    "{host}: {done|server|servers} run elsewhere, {left} left by policy; repair it and release it",
  "alert.dismissed": "{host} is silent, and {by} says that it is no failure",
  "alert.disabled": "{host} takes no new servers: we disabled it in Nova while it is degraded",
  "alert.ask-disable": "{host} is degraded: shall we keep new servers away from it?",
  "alert.maintenance-over":
    "{host}: its maintenance is over and it does not report: it is not guarded",
  "alert.maintenance-ends": "{host} is guarded again from {end} on",

  "why.nova": "no answer for more than {limit} s: {reason}",
  "why.anchors": "anchors: {addresses}",
  "why.no-anchors": "anchors: none configured",
  "why.collector": "its watermark has stood still for more than {limit}; a vote has {others}",
  "why.store": "store behind the live view by more than {limit} s",
  "why.trouble": "{count} in trouble ({hosts}), limit <= {limit}",
  "why.storm-down": "down since, after they had lived in it: {hosts}",
  "why.no-place": "no rack, switch, feed, zone or aggregate that we know explains it",
  "why.device": "{device}: {reason}",
  "why.power-network": "{count} of {devices} power devices do not answer: those of {hosts}",
  "why.row": "held by row {row}: {says}",
  "why.gates": "held by row {row}: {gates;}",
  "why.listed": "Nova listed {count}",
  "why.server-on": "{server} on {host}",
  "why.total":
    "{done} of {count} servers run elsewhere {lasted} after the incident was opened, by {calls|evacuate call|evacuate calls}",
  "why.total-slowest":
    "{done} of {count} servers run elsewhere {lasted} after the incident was opened, by {calls|evacuate call|evacuate calls}; the slowest, {server}, took {took}",
  "why.server-left": "{server} ({reason})",
  "stalled.list": "its servers cannot be listed",
  "stalled.list-again": "its servers cannot be listed again",
  "stalled.force-down": "Nova does not force it down",
  "stalled.destination": "the host that Nova takes them to is fenced, too",
  "why.stranded":
    "{server}: Nova takes it to {host}, which is fenced; it starts there when {host} comes back",
  "todo.stranded":
    "do not evacuate them again while they wait for a host that may come back: they would start twice; see the runbook",
  "stalled.calls": "no call for them can be made",
  "stalled.moves": "its moves cannot be followed",
  "why.no-list": "Nova gives no list of its servers",
  "why.no-list-again": "Nova gives no list of them",
  "why.no-answer": "no answer",

  "impact.blind": "no host can be judged; silent hosts are not fenced",
  "impact.disarmed": "no host is fenced or evacuated",
  "impact.every-host": "every host",
  "impact.network": "hosts are judged on fewer networks",
  "impact.collector": "when {others} fails, too, no host that dies is acted on",
  "impact.store": "history has a gap; verdicts do not depend on it",
  "impact.hosts": "{count} hosts",
  "impact.counted": "{count} servers on it",
  "impact.its-servers": "its servers",
  "impact.down": "down: {servers}",
  "impact.wait": "{servers} wait",
  "impact.power-network": "{count|host|hosts} cannot be fenced",
  "impact.device": "{host} cannot be fenced",
  "impact.device-level": "{host} can be fenced by level {level} ({devices}) alone",
  "impact.unlisted": "{count} servers that nobody moved",
  "servers.none": "no servers",
  "servers.named": "{count|server|servers} ({names}) of {projects|project|projects}",
  "servers.and-more": "{names} and {count} more",

  "todo.eyes": "restore what is named; the guardian goes on by itself",
  "todo.arm": "find out what happened, then: guardian arm --reason …",
  "todo.nova": "restore Keystone and nova-api, or the guardian's credentials",
  "todo.network": "mend our leg on that network, or configure an anchor that answers",
  "todo.collector":
    "restore the collector, its store and its live view; one that runs and is not heard: start it again",
  "todo.store": "restore the store",
  "todo.storm":
    "look for what they share; nothing new is fenced there until they recover and stay well; a host that must not wait: guardian incident approve ID, or --all",
  "todo.quarantined":
    "act on this host by hand; a restart of the guardian tries again; report it as a bug",
  "todo.our-eyes": "restore our eyes first; then it is judged by itself",
  "todo.unguarded-down":
    "look at {host}: nothing is fenced or moved by itself; install a probe on it once it is back",
  "todo.started-unasked":
    "no collector answered its start guard in time: compare what {host} runs (virsh list) with Nova's list, then find out why",
  "todo.unguarded": "install a probe on it, or remove it from Nova",
  "todo.isolated": "look at its networks; it is not fenced while it lives",
  "todo.unproven":
    "its power device must answer, and be verified, or a person must make sure that it is off",
  "todo.look-approve":
    "a person must look; nothing is done by itself; if it is dead: guardian incident approve {id}",
  "alert.fenced-alive": "{host} lives, but its disks have failed: it is fenced by policy",
  "todo.moves-again":
    "mend what is named, or make room elsewhere: they are tried again by themselves",
  "todo.fence-waits": "mend what is named; it is fenced by policy, which waits for: {gates}",
  "todo.mend-unfenced": "nothing is fenced; mend what is named",
  "todo.mend": "mend what is named",
  "todo.or-confirm":
    "{todo}; once you have made sure that it is off and stays off: guardian fence confirm {host} --reason …",
  "todo.or-two-confirm":
    "{todo}; once two people have made sure that it is off and stays off, each: guardian fence confirm {host} --reason …",
  "why.confirmed": "confirmed off by {by} {age} ago: {reason}",
  "why.confirm-more": "{count} more must say it within {within}",
  "why.level": "fenced by level {level} ({devices})",
  "why.level-failed": "no proof by level {level} ({devices}): {reason}",
  "todo.device-mute":
    "mend {device}, its address, its password or the way to it before it is needed",
  "todo.power-network": "look at the network of the power devices, and at the guardian's way to it",
  "todo.vouch": "compare its address with the host's, then: guardian fence vouch {host} --reason …",
  "todo.fence-by-hand":
    "make sure by hand that it is off; the guardian tries again while it looks dead",
  "todo.end-hold": "end what holds it, or act by hand",
  "todo.acting": "it is fenced and its servers are evacuated",
  "todo.observe": "mode observe: we would fence it and evacuate its servers; a person must",
  "todo.ask":
    "yes: guardian incident approve {id}; not now: guardian incident hold {id}; it is no failure: guardian incident dismiss {id}; {otherwise}",
  "todo.no-answer-act": "no answer within {limit}: {outcome}",
  "todo.no-answer-wait": "no answer: nothing is done, and you are told again",
  "outcome.evacuated": "it is fenced and evacuated",
  "outcome.disabled": "it is disabled",
  "todo.by-hand": "change what the gate names, or evacuate it by hand once it is surely off",
  "todo.approve": "look at it, then: guardian incident approve {id}; or {byHand}",
  "todo.proof": "the guardian goes on once its power reads off twice again",
  "todo.gate": "change what the gate names",
  "todo.stalled": "mend what is named, or evacuate it by hand: it is off; the guardian tries on",
  "todo.following": "following every server until it runs again ({lasted} so far)",
  "todo.unlisted": "find out which they are (is a cell of Nova down?) and bring them up by hand",
  "todo.release":
    "repair it, then: guardian host release {host} --reason … (it counts toward the storm limit until then, 24 h at most)",
  "todo.left-behind": "bring these servers up by hand; the host is off and fenced",
  "todo.left-by-policy":
    "those that were left start when {host} is repaired; then: guardian host release {host} --reason …",
  "todo.left-behind-each": "bring these servers up by hand; the host is off and fenced: {todos;}",
  "todo.may-run":
    "{servers}: look on the host that is named first, and stop there what runs of them: evacuated again, they would run twice",
  "todo.evacuate-again": "{servers}: mend what is named, then openstack server evacuate",
  "todo.look-at-migrations":
    "{servers}: look at openstack server migration list first: a second evacuate call while the first runs can wreck it; one that waits for a host that is down starts there when that host comes back",
  "todo.reset-state":
    "{servers}: openstack server set --state error, then openstack server evacuate; or it waits for {host}",
  "todo.with-host": "{servers}: wait until {host} is repaired",
  "todo.dismissed": "nothing is done until it has reported again; then it is guarded as before",
  "todo.disabled":
    "mend it; it is enabled again after {minutes} min in good health, if our mark is still on it",
  "todo.ask-disable":
    "yes: guardian incident approve {id} (disabled in Nova with our mark, enabled again when it is well); {otherwise}",
  "todo.maintenance-over":
    "finish it, or set a new end; if it failed: guardian maintenance clear {host} (it is then acted on)",
  "todo.maintenance-ends":
    "if it takes longer: guardian maintenance set {host} --until … --reason …",
} as const;
