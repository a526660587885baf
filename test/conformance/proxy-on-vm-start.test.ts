import { describe } from "vitest";
import { itStartsThePlugin } from "./kit/starting-callback.ts";

describe("proxy_on_vm_start", () => {
  itStartsThePlugin("proxy_on_vm_start", { vmConfig: Buffer.from("seven b") });
});
