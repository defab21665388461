// A monitoring mixin: the rules and the dashboards, for whoever puts theirs together with jsonnet.
{
  prometheusAlerts+:: import 'proctor.rules.json',
  grafanaDashboards+:: {
    'proctor-fleet.json': import '../dashboards/fleet.json',
    'proctor-target.json': import '../dashboards/target.json',
    'proctor-site.json': import '../dashboards/site.json',
    'proctor-memory.json': import '../dashboards/memory.json',
    'proctor-agent.json': import '../dashboards/agent.json',
  },
}
