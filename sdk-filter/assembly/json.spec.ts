import { JsonReader } from "./json";

// The reader holds an address only; this keeps the bytes behind it alive.
let document: ArrayBuffer = new ArrayBuffer(0);

function read(text: string): JsonReader {
  document = String.UTF8.encode(text);
  return new JsonReader(changetype<usize>(document), document.byteLength);
}

/** What an object of the shape {name, sizes} is read as, or its error. */
function readSizes(text: string): string {
  const json = read(text);
  let told = "";
  json.beginObject();
  while (json.nextKey()) {
    if (json.key == "name") {
      json.once(0);
      told += json.string();
    } else if (json.key == "sizes") {
      json.once(1);
      json.beginArray();
      while (json.nextItem()) told += `,${json.integer(0, 100)}`;
    } else json.refuseKey("name, sizes");
  }
  json.require(0, "name");
  json.finish();
  return json.error.length > 0 ? json.error : told;
}

describe("JsonReader", () => {
  it("reads an object with an array", () => {
    expect(readSizes(' { "name" : "a" , "sizes" : [ 1 , 20 ] } ')).toBe("a,1,20");
  });
  it("reads empty containers", () => {
    expect(readSizes('{"name":"a","sizes":[]}')).toBe("a");
  });
  it("reads escapes and characters beyond ASCII", () => {
    expect(read('"\\u00e9\\n\\"\\ud83d\\ude00é"').string()).toBe('é\n"😀é');
  });
  it("reads numbers", () => {
    expect(read("-12.5e1").number()).toBe(-125.0);
    expect(read("-7").integer(-10, 10)).toBe(-7);
  });
  it("names the place of the first failure", () => {
    expect(readSizes('{"name":"a","sizes":[1,"x"]}')).toBe("sizes[1]: a whole number from 0 to 100 is expected");
    expect(readSizes('{"name":"a","sizes":[1,101]}')).toBe("sizes[1]: a whole number from 0 to 100 is expected");
    expect(readSizes('{"name":1}')).toBe("name: a string is expected");
  });
  it("refuses unknown, doubled and missing keys", () => {
    expect(readSizes('{"name":"a","nmae":1}')).toBe("nmae: unknown key; allowed: name, sizes");
    expect(readSizes('{"name":"a","name":"b"}')).toBe("name: this key stands here twice");
    expect(readSizes('{"sizes":[]}')).toBe("the key 'name' is missing");
  });
  it("refuses what is no JSON", () => {
    expect(readSizes('{"name":"a",}')).toBe("a key in quotes is expected");
    expect(readSizes('{"name":"a"} x')).toBe("nothing may follow the configuration");
    expect(readSizes('{"name":"a","sizes":[01]}')).toBe("sizes[0]: a whole number from 0 to 100 is expected");
    expect(readSizes('{"name":"a","sizes":[1.0]}')).toBe("sizes[0]: a whole number from 0 to 100 is expected");
    expect(readSizes('{"name":"a')).toBe("name: a string does not end");
    expect(readSizes('{"name":"\\x"}')).toBe("name: an escape is unknown");
    expect(readSizes("")).toBe("an object is expected");
    expect(readSizes("[]")).toBe("an object is expected");
  });
  it("refuses documents nested too deep", () => {
    let text = "";
    for (let i = 0; i < 65; i++) text += "[";
    const json = read(text);
    for (let i = 0; i < 65; i++) {
      json.beginArray();
      json.nextItem();
    }
    expect(json.error.endsWith("nested too deep")).toBe(true);
  });
});
