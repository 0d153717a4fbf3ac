{{/*
An entry of `initContainers` for a model's pod. What stands in deploy/kubernetes/overlays/sidecar/sidecar.yaml, and why.
*/}}
{{- define "driftwatch.sidecar" -}}
- name: driftwatch
  image: {{ include "driftwatch.image" . }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  restartPolicy: Always
  command: [/bin/sh, -c]
  args:
    - |
      trap 'ending=yes; kill -TERM "$child" 2>/dev/null' TERM INT
      while [ -z "${ending:-}" ]; do
          driftwatch run -c /etc/driftwatch/driftwatch.yaml &
          child=$!
          [ -z "${ending:-}" ] || kill -TERM "$child"
          wait "$child"
          [ -z "${ending:-}" ] || break
          sleep "${RESTART_AFTER_S:-10}" &
          child=$!
          wait "$child"
      done
      wait "$child"
  ports: [{name: driftwatch, containerPort: 9464}]
  resources: {{ toJson .Values.resources }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 10001
    runAsGroup: 10001
    seccompProfile: {type: RuntimeDefault}
    allowPrivilegeEscalation: false
    readOnlyRootFilesystem: true
    capabilities: {drop: [ALL]}
  volumeMounts:
    - {name: driftwatch-state, mountPath: /var/lib/driftwatch}
    - {name: driftwatch-configuration, mountPath: /etc/driftwatch, readOnly: true}
    - {name: driftwatch-secrets, mountPath: /run/secrets/driftwatch, readOnly: true}
    - {name: driftwatch-tmp, mountPath: /tmp}
    - {name: driftwatch-no-token, mountPath: /var/run/secrets/kubernetes.io/serviceaccount, readOnly: true}
    {{- with .Values.extraVolumeMounts }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end }}

{{/* The entries of `volumes` that it needs. */}}
{{- define "driftwatch.sidecar.volumes" -}}
- {name: driftwatch-state, emptyDir: {}}
- {name: driftwatch-configuration, configMap: {name: {{ include "driftwatch.name" . }}, optional: true}}
- {name: driftwatch-secrets, secret: {secretName: {{ .Values.secretName }}, optional: true}}
- {name: driftwatch-tmp, emptyDir: {}}
- {name: driftwatch-no-token, emptyDir: {}}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}
