// `host:port` as documents write it. Hosts are names or IP literals; IPv6 stands in brackets.

import { Type } from "typebox";

export const ADDRESS_PATTERN =
  "^(\\[[0-9a-fA-F:.]{2,45}\\]|[A-Za-z0-9]([A-Za-z0-9._-]{0,252}[A-Za-z0-9])?):[0-9]{1,5}$";
export const ADDRESS_DESCRIPTION = "host:port such as 127.0.0.1:8080, [::1]:8080 or api.internal:443";

export const AddressSchema = Type.String({ pattern: ADDRESS_PATTERN, description: ADDRESS_DESCRIPTION });
