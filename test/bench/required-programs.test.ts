import { describe, expect, it } from "vitest";

import { missingSentence } from "./required-programs.ts";

describe("missingSentence", () => {
  it("says in one command how to install all that is missing", () => {
    expect(missingSentence(["haproxy", "libnginx-mod-http-lua"])).toBe(
      "this benchmark needs what is not installed here: apt-get install --no-install-recommends haproxy libnginx-mod-http-lua",
    );
  });
});
