/**
 * The parts of the client library that read a kubeconfig and run credential plug-ins. Named one by
 * one, so that the bundle leaves out the classes of every kind of Kubernetes: 40 MB of memory.
 */
export { HttpMethod, KubeConfig, RequestContext } from '@kubernetes/client-node';
