import { describe, expect, it } from "vitest";
import { compilerProblems } from "./compiler-messages.ts";

const said = `the folder does not compile
ERROR TS2304: Cannot find name 'nowhere'.
    :
 21 │ return nowhere;
    │        ~~~~~~~
    └─ in assembly/index.ts(21,12)

ERROR TS2322: Type '~lib/string/String' is not assignable to type 'i32'.
   :
 4 │ let a: i32 = "text";
   │              ~~~~~~
   └─ in assembly/match.ts(4,14)

FAILURE 2 compile error(s)`;

describe("compilerProblems", () => {
  it("says each problem in a line that begins with file, line and column", () => {
    expect(compilerProblems(said)).toEqual([
      "assembly/index.ts:21:12  Cannot find name 'nowhere'. (TS2304)",
      "assembly/match.ts:4:14  Type '~lib/string/String' is not assignable to type 'i32'. (TS2322)",
    ]);
  });

  it("keeps words in which it finds no problem", () => {
    expect(compilerProblems("filter.yaml line 3: no\nsuch field")).toEqual(["filter.yaml line 3: no", "such field"]);
  });
});
