/** What is said of room for servers, in English. */
export const roomEnglish = {
  "room.forecast": "room elsewhere: {parts}; {by}",
  "room.fit": "{count|server|servers} expected to fit ({where})",
  "room.on": "{count} on {host}",
  "room.lacking": "{count} will find no place",
  "room.unsized": "of {count} Nova does not show the size",
  "room.short": "{forecast}; {servers;}",
  "room.full":
    "{server}: no place is left for its {memory} MB and {vcpus} vCPUs once those before it are moved",
  "room.nowhere":
    "{server}: no single host has {memory} MB and {vcpus} vCPUs left; the most is {most} MB, on {host}",
  "room.unknown": "room elsewhere: {reason}",
  "room.by-placement": "counted by Placement",
  "room.by-hypervisors":
    "counted by hypervisors, by memory alone and without overcommit ({reason})",
  "room.by-hypervisors-alone": "counted by hypervisors, by memory alone and without overcommit",

  "alert.no-room": "{host}: servers will find no place elsewhere: {servers}",
  "log.reserve-ordered":
    "{reserve} is a reserve host: our mark is taken off it in Nova, so that it takes servers",
  "log.reserve-enabled": "reserve host {reserve} is enabled in Nova",
  "log.reserve-failed": "reserve host {reserve} could not be enabled: {reason}",
  "log.reserve-again": "it is a reserve host again",
  "value.reserves": "{value}, and {count|reserve host|reserve hosts}",
  "alert.reserve-used": "{host} was a reserve host, and takes servers now",
  "alert.reserve-none": "{host} is configured as a reserve host, and is none",
  "why.reserve-used": "it was enabled for incident {id}",
  "impact.reserve": "one reserve host less for the next evacuation",
  "todo.reserve":
    "empty it, or name another host; then: openstack compute service set --disable --disable-reason '{mark}' {host} nova-compute",
  "impact.no-room": "{count|server|servers} of it",
  "todo.no-room":
    "make room now, or enable a host: they are tried again by themselves for a while; then they are yours",
} as const;
