// What a filter imports: `import { … } from "@sluice/sdk-filter/assembly"`.

export { abortFilter } from "./abort";
export { Attribute } from "./attribute";
export { Body } from "./body";
export { Text, Value } from "./bytes";
export { Filter, NoConfig } from "./filter";
export { HeaderVisitor, Headers } from "./headers";
export { Decodable, JsonReader } from "./json";
export { log } from "./log";
export { Message } from "./message";
export { Pairs } from "./pairs";
export { filter } from "./registration";
export { Action } from "./generated/enums";
export { Stream } from "./stream";
export { refuseStart } from "./start";
export { Verdict } from "./verdict";
