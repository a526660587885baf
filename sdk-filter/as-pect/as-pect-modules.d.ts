// The published package has no types.
declare module "@as-pect/transform" {
  import type { Parser } from "assemblyscript/dist/assemblyscript.js";
  export default class AsPectTransform {
    afterParse(parser: Parser): void;
  }
}
