/** Who makes a Pod, what it says of itself, and whom it acts as. */
import { LABEL_ORIGIN, LABEL_SERVER, LABEL_STAGE } from '../../../runtime/contract.ts';
import type { AdmissionRule } from '../types.ts';

const DEFAULT_ACCOUNT = 'default';

/** Projected by the API server itself into every Pod that mounts the token of its account. */
const TOKEN_VOLUME = 'kube-api-access-';
const ROOT_CA = 'kube-root-ca.crt';

const creator: AdmissionRule = {
  id: 'creator',
  title: 'Pods, and containers that are added to them, come from the runner alone.',
  trust: 'both',
  everyPod: false,
  cel: `(request.operation == 'CREATE' || request.?subResource.orValue('') != '') && !(request.userInfo.username in variables.creators) ? [request.userInfo.username] : []`,
  find: ({ operation, subresource, user }, { creators }) =>
    (operation === 'CREATE' || subresource !== '') && !creators.includes(user) ? [user] : [],
  message: 'only the runner makes Pods in this namespace, or adds containers to them',
  fix: 'use another namespace; to look into a stage, read its log',
  parameters: ['creators'],
};

const celLabel = (key: string, condition: string): string =>
  `(${condition} ? [] : ['label ${key}'])`;

const labels: AdmissionRule = {
  id: 'labels',
  title: 'A Pod says which stage it is, of which Drone server, and never changes that.',
  trust: 'both',
  everyPod: false,
  cel: [
    celLabel(LABEL_STAGE, `variables.labels[?'${LABEL_STAGE}'].orValue('') == variables.name`),
    celLabel(LABEL_ORIGIN, `variables.labels[?'${LABEL_ORIGIN}'].orValue('') == 'daemon'`),
    celLabel(
      LABEL_SERVER,
      `variables.labels[?'${LABEL_SERVER}'].orValue('') != '' && variables.labels[?'${LABEL_SERVER}'].orValue('') == variables.oldLabels[?'${LABEL_SERVER}'].orValue('')`,
    ),
  ].join(' + '),
  find: ({ pod: { metadata }, old }) => {
    const server = metadata.labels?.[LABEL_SERVER] ?? '';
    const before = old === undefined ? server : (old.metadata.labels?.[LABEL_SERVER] ?? '');
    return [
      ...(metadata.labels?.[LABEL_STAGE] === metadata.name ? [] : [`label ${LABEL_STAGE}`]),
      ...(metadata.labels?.[LABEL_ORIGIN] === 'daemon' ? [] : [`label ${LABEL_ORIGIN}`]),
      ...(server !== '' && server === before ? [] : [`label ${LABEL_SERVER}`]),
    ];
  },
  message: 'is not what the runner writes',
  fix: 'let no policy and no default of the runner set labels of drone-kube.io',
  parameters: [],
};

const serviceAccount: AdmissionRule = {
  id: 'service-account',
  title: 'A Pod acts as an allowed service account.',
  trust: 'both',
  everyPod: false,
  cel: `[object.spec.?serviceAccountName.orValue('')].map(s, s == '' ? '${DEFAULT_ACCOUNT}' : s).filter(s, !(s in variables.serviceAccounts)).map(s, 'service account ' + s)`,
  find: ({ pod: { spec } }, { serviceAccounts }) => {
    const name = spec.serviceAccountName || DEFAULT_ACCOUNT;
    return serviceAccounts.includes(name) ? [] : [`service account ${name}`];
  },
  message: 'builds in this namespace must not act as it',
  fix: 'remove `service_account_name` from the pipeline',
  parameters: ['serviceAccounts'],
};

const token: AdmissionRule = {
  id: 'token',
  title: 'A Pod gets no token for the API server.',
  trust: 'untrusted',
  everyPod: false,
  cel: "object.spec.?automountServiceAccountToken.orValue(true) ? ['token of the service account'] : []",
  find: ({ pod: { spec } }) =>
    spec.automountServiceAccountToken === false ? [] : ['token of the service account'],
  message: 'builds in this namespace get none',
  fix: 'remove `service_account_name` from the pipeline, `service_account` from the policy',
  parameters: [],
};

const projected: AdmissionRule = {
  id: 'projected-volumes',
  title: 'Nothing is projected but the token that the service account itself brings.',
  trust: 'both',
  everyPod: false,
  cel: `variables.volumes.filter(v, has(v.projected) && !(object.spec.?automountServiceAccountToken.orValue(true) && v.name.startsWith('${TOKEN_VOLUME}') && v.projected.?sources.orValue([]).all(s, has(s.serviceAccountToken) ? s.serviceAccountToken.?audience.orValue('') == '' : has(s.configMap) ? s.configMap.?name.orValue('') == '${ROOT_CA}' : has(s.downwardAPI)))).map(v, 'volume ' + v.name)`,
  find: ({ pod: { spec } }) =>
    (spec.volumes ?? [])
      .filter(
        ({ name, projected: volume }) =>
          volume !== undefined &&
          !(
            (spec.automountServiceAccountToken ?? true) &&
            name.startsWith(TOKEN_VOLUME) &&
            (volume.sources ?? []).every((source) =>
              source.serviceAccountToken === undefined
                ? source.configMap === undefined
                  ? source.downwardAPI !== undefined
                  : source.configMap.name === ROOT_CA
                : (source.serviceAccountToken.audience ?? '') === '',
            )
          ),
      )
      .map(({ name }) => `volume ${name}`),
  message: 'projected volumes could carry tokens for other services, and are not for builds',
  fix: 'give the value as a secret of Drone',
  parameters: [],
};

export const IDENTITY_RULES: readonly AdmissionRule[] = [
  creator,
  labels,
  serviceAccount,
  token,
  projected,
];
