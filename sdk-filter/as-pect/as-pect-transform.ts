// as-pect's transform, made to fit this compiler. It looks for classes and namespaces by the node numbers of
// AssemblyScript 0.27; 0.28 put one node kind in between, so the numbers are put back while it looks.

import AsPectTransform from "@as-pect/transform";
import type { Node, Parser } from "assemblyscript/dist/assemblyscript.js";

/** Class, field, method and namespace declarations: today's number → the number in 0.27. */
const NUMBER_IN_0_27 = new Map<number, number>([
  [52, 51],
  [55, 54],
  [59, 58],
  [60, 59],
]);

interface Renumbered {
  readonly node: Node;
  readonly kind: number;
}

/** Adds to every class what `expect(…).toStrictEqual` needs. */
export class CompatibleAsPectTransform extends AsPectTransform {
  override afterParse(parser: Parser): void {
    const renumbered: Renumbered[] = [];
    for (const source of parser.sources) renumber(source.statements, renumbered);
    super.afterParse(parser);
    for (const { node, kind } of renumbered) node.kind = kind;
  }
}

function renumber(nodes: readonly Node[], renumbered: Renumbered[]): void {
  for (const node of nodes) {
    const old = NUMBER_IN_0_27.get(node.kind);
    if (old === undefined) continue;
    renumbered.push({ node, kind: node.kind });
    if ("members" in node) renumber(node.members as Node[], renumbered);
    node.kind = old;
  }
}
