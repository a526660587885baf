import { Text } from "./bytes";
import { Pairs } from "./pairs";
import { ReplyFields } from "./reply-fields";

function told(fields: ReplyFields): string {
  const pairs = new Pairs();
  pairs.open(fields.encode(), fields.encodedSize);
  let text = "";
  while (pairs.next()) text += pairs.name.toString() + ": " + pairs.value.toString() + "\n";
  return pairs.wellFormed ? text : "malformed";
}

describe("ReplyFields", () => {
  it("encodes what a host reads as pairs, and starts anew when cleared", () => {
    const fields = new ReplyFields();
    fields.add(Text.of("a"), Text.of(""));
    fields.add(Text.of("vary"), Text.of("origin"));
    expect(told(fields)).toBe("a: \nvary: origin\n");
    fields.clear();
    expect(told(fields)).toBe("");
    fields.add(Text.of("b"), Text.of("c"));
    expect(told(fields)).toBe("b: c\n");
  });
  it("takes no more than it has room for", () => {
    const fields = new ReplyFields();
    expect(fields.add(Text.of("a"), Text.of("x".repeat(4096)))).toBe(false);
    for (let i = 0; i < 32; i++) expect(fields.add(Text.of("a"), Text.of("b"))).toBe(true);
    expect(fields.add(Text.of("a"), Text.of("b"))).toBe(false);
  });
});
