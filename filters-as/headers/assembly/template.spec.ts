import { ByteBuilder } from "@sluice/sdk-filter/assembly";
import { Template } from "./template";

function told(source: string, capacity: i32 = 64): string {
  const template = Template.parse(source);
  const built = new ByteBuilder(capacity);
  if (template === null) return "refused";
  return template.writeTo(built) ? built.value.toString() : "no value";
}

describe("Template", () => {
  it("keeps text as it is, doubled dollars as one", () => {
    expect(told("")).toBe("");
    expect(told("a b, ü")).toBe("a b, ü");
    expect(told("$$5 and $${x}")).toBe("$5 and ${x}");
  });
  it("refuses lone dollars, open braces and line breaks", () => {
    const wrong = ["$", "a$b", "${", "${}", "${a", "a\nb", "a\rb", "a\0b"];
    for (let i = 0; i < wrong.length; i++) expect(told(wrong[i])).toBe("refused", wrong[i]);
  });
  it("has no value where it does not fit", () => {
    expect(told("12345", 4)).toBe("no value");
  });
});
