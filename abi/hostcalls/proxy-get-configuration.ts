// proxy_get_configuration (0.1.0): the plugin's while it configures, the VM's otherwise.
import { caller } from "../host/caller.ts";
import { isConfiguring } from "../host/moment.ts";

export function proxyGetConfiguration(configurationPtrOut: number, configurationSizeOut: number): number {
  const guest = caller();
  const { pluginConfig, vmConfig } = guest.scope.spec;
  const configuration = isConfiguring(guest) ? pluginConfig : vmConfig;
  return guest.returnBytes(configuration, 0, configuration.length, configurationPtrOut, configurationSizeOut);
}
