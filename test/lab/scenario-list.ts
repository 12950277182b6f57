/** The lab's scenarios, in the order in which they run. */
import type { Scenario } from "./lab.ts";
import { backWhileGuardianIsDown } from "./scenarios/back-while-guardian-is-down.ts";
import { bmcCrossed } from "./scenarios/bmc-crossed.ts";
import { bmcLate, bmcLies, bmcSlow } from "./scenarios/bmc-moods.ts";
import {
  bmcBusy,
  bmcDiesInTheMiddle,
  bmcUntrusted,
  bmcWrongPassword,
} from "./scenarios/bmc-refuses.ts";
import { bmcStuck } from "./scenarios/bmc-stuck.ts";
import { bmcUnreachable } from "./scenarios/bmc-unreachable.ts";
import { bmcsSwapped } from "./scenarios/bmcs-swapped.ts";
import {
  busStops,
  conductorStops,
  keystoneStops,
  novaApiStops,
  tokensVoid,
} from "./scenarios/control-plane.ts";
import { destinationDies } from "./scenarios/destination-dies.ts";
import { collectorKilled } from "./scenarios/collector-killed.ts";
import { drain } from "./scenarios/drain.ts";
import { guardianDown } from "./scenarios/guardian-down.ts";
import {
  guardianKilledAtTheCalls,
  guardianKilledBeforeMoves,
  guardianKilledDuringMoves,
} from "./scenarios/guardian-killed.ts";
import { hungHost } from "./scenarios/hung-host.ts";
import { imageLock } from "./scenarios/image-lock.ts";
import { localDisks } from "./scenarios/local-disks.ts";
import {
  hundredServers,
  returnsWhileServersMove,
  twentyServers,
  twoHosts,
} from "./scenarios/many-servers.ts";
import { managementCut, managementCutForLong } from "./scenarios/management-cut.ts";
import { keptApart, noHostEnabled, noRoom, noRoomForLong } from "./scenarios/no-room.ts";
import { serverControl } from "./scenarios/server-control.ts";
import { powerLoss } from "./scenarios/power-loss.ts";
import { redfish } from "./scenarios/redfish.ts";
import { mixedStates } from "./scenarios/mixed-states.ts";
import { directoryFrozen, directoryReadOnly, storageCut } from "./scenarios/storage-cut.ts";
import { storeDelayed } from "./scenarios/store-delayed.ts";
import { storeStopped } from "./scenarios/store-stopped.ts";
import { storm } from "./scenarios/storm.ts";
import { vouch } from "./scenarios/vouch.ts";

export const scenarios: readonly Scenario[] = [
  powerLoss,
  localDisks,
  hungHost,
  managementCut,
  storageCut,
  directoryFrozen,
  bmcUnreachable,
  bmcStuck,
  bmcsSwapped,
  vouch,
  guardianDown,
  guardianKilledBeforeMoves,
  guardianKilledDuringMoves,
  backWhileGuardianIsDown,
  collectorKilled,
  storm,
  mixedStates,
  returnsWhileServersMove,
  twoHosts,
  tokensVoid,
  directoryReadOnly,
  guardianKilledAtTheCalls,
  storeStopped,
  storeDelayed,
  managementCutForLong,
  bmcCrossed,
  bmcLate,
  bmcSlow,
  drain,
  serverControl,
  bmcLies,
  bmcWrongPassword,
  bmcBusy,
  bmcDiesInTheMiddle,
  bmcUntrusted,
  redfish,
  imageLock,
  twentyServers,
  novaApiStops,
  conductorStops,
  keystoneStops,
  busStops,
  keptApart,
  noHostEnabled,
  noRoom,
  noRoomForLong,
  destinationDies,
  hundredServers,
];
