// `trustedProxies` of sluice.yaml: whose word about earlier hops is kept. Nobody's by default, for what comes from
// elsewhere is what a client chose to say.

import { isIP } from "node:net";
import type { Complain } from "@sluice/abi";
import { Type } from "typebox";
import type { Static } from "typebox";
import { TRUSTED_PROXIES_MAX } from "./limits.ts";

export const TrustedProxiesSchema = Type.Array(Type.String({ minLength: 2, maxLength: 64 }), {
  maxItems: TRUSTED_PROXIES_MAX,
});

/** Addresses from `address` on whose first `prefix` bits are the same. */
export interface AddressRange {
  readonly address: string;
  readonly prefix: number;
  readonly family: "ipv4" | "ipv6";
}

/** Reads `10.0.0.0/8`, or a single address; null when it is neither. */
export function parseAddressRange(text: string): AddressRange | null {
  const slash = text.indexOf("/");
  const address = slash < 0 ? text : text.slice(0, slash);
  const version = isIP(address);
  // A zone is this machine's own name for a link: no peer's address has it.
  if (version === 0 || address.includes("%")) return null;
  const bits = version === 4 ? 32 : 128;
  const prefix = slash < 0 ? String(bits) : text.slice(slash + 1);
  if (!/^(0|[1-9][0-9]{0,2})$/.test(prefix) || Number(prefix) > bits) return null;
  return { address, prefix: Number(prefix), family: version === 4 ? "ipv4" : "ipv6" };
}

export function checkTrustedProxies(ranges: Static<typeof TrustedProxiesSchema> | undefined, complain: Complain): void {
  ranges?.forEach((range, index) => {
    if (parseAddressRange(range) === null)
      complain(
        ["trustedProxies", index],
        `"${range}" is no range of addresses`,
        "10.0.0.0/8, 2001:db8::/32, 192.0.2.1",
      );
  });
}

export function settleTrustedProxies(ranges: Static<typeof TrustedProxiesSchema> = []): readonly AddressRange[] {
  return ranges.map((range) => parseAddressRange(range)!);
}
