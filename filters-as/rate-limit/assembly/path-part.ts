// The class of a request's path: `/api/` → api. Limits are by class and not by path, or every path would have a bucket of
// its own and a client could spread over as many as it likes.

import { Attribute, KeyPart, KeyState, Matcher, Text, refuseStart } from "@sluice/sdk-filter/assembly";
import { PathClass } from "./config";

@final
export class PathPart extends KeyPart {
  private readonly path: Attribute = Attribute.of("request.url_path");
  private readonly prefixes: Matcher = Matcher.prefixes();
  /** By class number; 0 is every path under no prefix, whose name no other class can have. */
  private readonly names: Text[] = [Text.of("")];

  constructor(classes: PathClass[]) {
    super();
    for (let i = 0; i < classes.length; i++) {
      this.prefixes.add(classes[i].prefix, i + 1);
      this.names.push(Text.of(classes[i].class_));
    }
    if (!this.prefixes.ready()) refuseStart("the classes of paths are no table");
  }

  read(): KeyState {
    const class_ = this.prefixes.classOf(this.path);
    if (class_ < 0) return KeyState.Absent;
    const name = unchecked(this.names[class_]);
    this.value.set(name.start, name.size);
    return KeyState.Present;
  }
}
