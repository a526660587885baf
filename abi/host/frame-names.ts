// Names a guest's stack frames for people: the function's name from the module's name section and, with a source map, file
// and line. The map speaks of the pushed bytes, the stack of the metered ones.

import { originalOffset, type OffsetTable } from "../module/offset-table.ts";
import { readableName } from "../module/readable-name.ts";
import { readSourceMap, type PlaceOf } from "./source-map.ts";

export class FrameNames {
  private readonly offsets: OffsetTable;
  private readonly sourceMap: string | null;
  /** undefined: the map was not read yet. */
  private placeOf: PlaceOf | null | undefined;

  constructor(offsets: OffsetTable, sourceMap: string | null) {
    this.offsets = offsets;
    this.sourceMap = sourceMap;
  }

  nameOf(functionIndex: number, offset: number, name: string | null): string {
    const shown = name === null ? `function ${functionIndex}` : readableName(name);
    if (this.placeOf === undefined) this.placeOf = this.sourceMap === null ? null : readSourceMap(this.sourceMap);
    const place = this.placeOf === null ? null : this.placeOf(originalOffset(this.offsets, offset));
    return place === null ? shown : `${shown} (${place})`;
  }
}
