import { ByteBuilder } from "./byte-builder";
import { Text } from "./bytes";

describe("ByteBuilder", () => {
  it("appends texts, values, bytes and numbers in their order", () => {
    const built = new ByteBuilder(64);
    built.text(Text.of("r="));
    built.decimal(0);
    built.byte(0x3b);
    built.decimal(u64.MAX_VALUE);
    built.append(built.value);
    expect(built.value.toString()).toBe("r=0;18446744073709551615r=0;18446744073709551615");
    expect(built.overflowed).toBe(false);
  });
  it("writes 32-bit numbers little endian", () => {
    const built = new ByteBuilder(4);
    built.u32(0x64636261);
    expect(built.value.toString()).toBe("abcd");
  });
  it("leaves out what does not fit, and says so until it is cleared", () => {
    const built = new ByteBuilder(5);
    built.text(Text.of("abcd"));
    built.decimal(10);
    expect(built.overflowed).toBe(true);
    expect(built.value.toString()).toBe("abcd");
    built.clear();
    expect(built.overflowed).toBe(false);
    built.text(Text.of("abcde"));
    expect(built.value.toString()).toBe("abcde");
  });
});
