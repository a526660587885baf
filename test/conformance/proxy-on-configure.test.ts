import { describe } from "vitest";
import { itStartsThePlugin } from "./kit/starting-callback.ts";

describe("proxy_on_configure", () => {
  itStartsThePlugin("proxy_on_configure", { pluginConfig: Buffer.from("seven b") });
});
