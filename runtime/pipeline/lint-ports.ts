/** All containers of a stage share one network: two servers cannot listen on the same port. */
import { warning } from './codes.ts';
import type { Diagnostic } from './diagnostics.ts';
import type { Pipeline, Step } from './model.ts';

/** Where well-known images listen if nobody tells them otherwise; by the last part of the name. */
const PORTS: ReadonlyMap<string, number> = new Map([
  ['cassandra', 9042],
  ['consul', 8500],
  ['couchdb', 5984],
  ['elasticsearch', 9200],
  ['opensearch', 9200],
  ['etcd', 2379],
  ['httpd', 80],
  ['nginx', 80],
  ['influxdb', 8086],
  ['localstack', 4566],
  ['mariadb', 3306],
  ['mysql', 3306],
  ['percona', 3306],
  ['memcached', 11_211],
  ['minio', 9000],
  ['mongo', 27_017],
  ['nats', 4222],
  ['postgres', 5432],
  ['postgis', 5432],
  ['rabbitmq', 5672],
  ['redis', 6379],
  ['valkey', 6379],
  ['registry', 5000],
  ['vault', 8200],
  ['zookeeper', 2181],
]);

/** Only where nothing speaks for another port: an own command, a variable about ports, a condition. */
export function lintPorts({ services, steps }: Pipeline): readonly Diagnostic[] {
  const taken = new Map<number, Step>();
  return [...services, ...steps.filter(({ detach }) => detach)].flatMap((step) => {
    const port = portOf(step);
    if (port === undefined) return [];
    const other = taken.get(port);
    if (other === undefined) {
      taken.set(port, step);
      return [];
    }
    const message = `\`${step.name}\` and \`${other.name}\` (line ${other.position.line}) most likely both listen on port ${port}; all containers of a pipeline share one network`;
    const fix = 'give one of them another port, by its `command` or a variable of its image';
    return [warning('service-port', step.position, message, fix)];
  });
}

function portOf(step: Step): number | undefined {
  const own = step.commands.length + step.command.length + step.entrypoint.length > 0;
  const told = [...step.environment.keys()].some((name) => /PORT|ADDR|LISTEN/i.test(name));
  if (own || told || Object.keys(step.when).length > 0) return undefined;
  const name = /([^/:@]+)(?::[^/]*)?(?:@.*)?$/.exec(step.image)?.[1];
  return PORTS.get(name ?? '');
}
