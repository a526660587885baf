// The fields of an upgrade as filters see them, in the request and in the 101. They are this hop's own: whoever writes a
// head for the next hop leaves them out and says them anew, when the upgrade is to be.

import type { Head } from "@sluice/abi";
import { ascii } from "../bytes.ts";

const CONNECTION = ascii("connection");
const UPGRADE = ascii("upgrade");
const WEBSOCKET = ascii("websocket");

/** Adds them to a head that the codec has filled, without marking it as edited. */
export function pushUpgradeFields(head: Head): void {
  const upgrade = head.store(UPGRADE, false);
  head.push(head.store(CONNECTION, false), CONNECTION.length, upgrade, UPGRADE.length);
  head.push(upgrade, UPGRADE.length, head.store(WEBSOCKET, false), WEBSOCKET.length);
}

/** Whether they are still there: a filter that takes `upgrade` away has refused the upgrade. */
export function hasUpgradeField(head: Head): boolean {
  return head.find(UPGRADE, 0, UPGRADE.length) >= 0;
}
