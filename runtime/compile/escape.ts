/**
 * Protects a value of `env`, `command` or `args` from the kubelet, which replaces `$(NAME)` by the
 * variable and `$$` by `$`. Values that come by `envFrom` or from a Secret are not expanded and
 * must not be escaped.
 */
export const escapeKubelet = (value: string): string => value.replaceAll('$', '$$$$');
