// The forwarding fields of a request whose peer is trusted: what it says of earlier hops stays, and this hop is added.
// Such a proxy stands before all traffic or before none, so this is plain code; `own-fields.ts` is the fast way.

import type { Head } from "@sluice/abi";
import { forwardedNode } from "./own-fields.ts";

const FOR = "x-forwarded-for";
const FORWARDED = "forwarded";

/** Adds the hop from `peer` to `head`; returns all of `x-forwarded-for` that stood there before. */
export function addHop(head: Head, peer: string): string {
  const before = valuesOf(head, FOR);
  // How a request looks when it arrives is not an edit of it.
  const { edited, routingEdited } = head;
  const host = head.get(":authority") ?? "";
  const hop = `for=${forwardedNode(peer)};proto=http;host="${host}"`;
  const chain = valuesOf(head, FORWARDED);
  head.set(FOR, joined(before, peer));
  head.set(FORWARDED, joined(chain, hop));
  const proto = valuesOf(head, "x-forwarded-proto").toLowerCase();
  head.set("x-forwarded-proto", proto === "https" ? "https" : "http");
  const forwardedHost = valuesOf(head, "x-forwarded-host");
  if (forwardedHost === "") head.set("x-forwarded-host", host);
  head.edited = edited;
  head.routingEdited = routingEdited;
  return before;
}

/** All values under `name`, as one list. */
function valuesOf(head: Head, name: string): string {
  const values: string[] = [];
  for (let field = head.findName(name); field >= 0; field = head.findName(name, field + 1)) {
    values.push(head.valueString(field));
  }
  return values.filter((value) => value !== "").join(", ");
}

function joined(list: string, last: string): string {
  return list === "" ? last : `${list}, ${last}`;
}
