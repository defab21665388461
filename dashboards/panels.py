"""What the dashboards ask and how it is shown: the shapes that dashboards.py puts together."""

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
RUNBOOKS = "https://github.com/proctor-exporter/proctor/blob/main/alerts/runbooks.md"
NO_COLUMNS = {"Time": True, "Value": True, "__name__": True, "instance": True, "job": True}
TARGET_LINK = {"title": "The target", "url": "/d/proctor-target?${datasource:queryparam}&var-target=${__data.fields.target}"
                                             "&var-pid=${__data.fields.pid}&${__url_time_range}"}
SITE_LINK = {"title": "The site", "url": "/d/proctor-site?${datasource:queryparam}&var-target=${__data.fields.target}"
                                         "&var-pid=${__data.fields.pid}&var-site=${__data.fields.site}&${__url_time_range}"}
RUNBOOK_LINK = {"title": "The runbooks", "url": RUNBOOKS, "targetBlank": True}


def row(title):
    return {"type": "row", "title": title, "collapsed": False, "panels": []}


def shape(kind, title, says, unit, queries, width, height, **more):
    instant = {} if kind == "timeseries" else {"instant": True, "range": False}
    if kind == "table":
        instant["format"] = "table"
    targets = [{"refId": chr(ord("A") + i), "datasource": DATASOURCE, "expr": expression, "legendFormat": legend, **instant}
               for i, (expression, legend) in enumerate(queries)]
    defaults = {"unit": unit, **more.pop("defaults", {})}
    return {"type": kind, "title": title, "description": says, "datasource": DATASOURCE,
            "gridPos": {"h": height, "w": width, "x": 0, "y": 0}, "targets": targets,
            "fieldConfig": {"defaults": defaults, "overrides": more.pop("overrides", [])}, **more}


def stat(title, says, unit, query, absent=None):
    """One figure, as of now; or what its absence means."""
    defaults = {}
    if absent:
        query += " or vector(-1)"
        defaults["mappings"] = [{"type": "value", "options": {"-1": {"text": absent, "index": 0}}}]
    return shape("stat", title, says, unit, [(query, "__auto")], 4, 4, defaults=defaults,
                 options={"reduceOptions": {"calcs": ["lastNotNull"]}, "colorMode": "value"})


def timeseries(title, says, unit, *queries, width=12):
    """Each query with the legend of its lines."""
    return shape("timeseries", title, says, unit, queries, width, 8,
                 defaults={"custom": {"fillOpacity": 10, "showPoints": "never"}},
                 options={"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}})


def table(title, says, query, width=24, height=8, links=None):
    """The labels of what the query gives; `links` by column."""
    overrides = [{"matcher": {"id": "byName", "options": column}, "properties": [{"id": "links", "value": [link]}]}
                 for column, link in (links or {}).items()]
    return shape("table", title, says, "short", [(query, "__auto")], width, height, overrides=overrides, options={},
                 transformations=[{"id": "organize", "options": {"excludeByName": NO_COLUMNS}}])


def laid_out(panels):
    """From left to right, in rows as high as their highest panel."""
    x = y = height = 0
    placed = []
    for number, panel in enumerate(panels, 1):
        place = panel.get("gridPos", {"h": 1, "w": 24})
        if x + place["w"] > 24:
            x, y, height = 0, y + height, 0
        placed.append({"id": number, **panel, "gridPos": {**place, "x": x, "y": y}})
        x += place["w"]
        height = max(height, place["h"])
    return placed


def variable(name, label, query, many=False):
    all_of_them = {"includeAll": True, "multi": True, "current": {"text": "All", "value": "$__all"}}
    return {"name": name, "type": "query", "label": label, "datasource": DATASOURCE,
            "query": {"query": query, "refId": name}, "definition": query, "refresh": 2, "sort": 1,
            **(all_of_them if many else {"includeAll": False, "multi": False, "current": {}})}


def annotation(name, colour, expression, title, **more):
    return {"name": name, "datasource": DATASOURCE, "enable": True, "hide": False, "iconColor": colour, "expr": expression,
            "titleFormat": title, "step": "60s", **more}


def dashboard(name, says, variables, panels, of="", links=()):
    """`of` selects the series that annotations are made of."""
    source = {"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Data source", "hide": 0, "current": {}}
    finding = f"proctor_finding{{{of}}}"
    annotations = [
        annotation("Findings", "red", f"{finding} unless {finding} offset 1m", "{{target}} {{pid}}: {{kind}}"),
        annotation("Starts", "blue", f"proctor_target_start_timestamp_seconds{{{of}}} * 1000", "{{target}} {{pid}} began",
                   useValueForTime=True)]
    others = {"type": "dashboards", "title": "Proctor", "tags": ["proctor"], "asDropdown": True, "includeVars": True,
              "keepTime": True}
    runbooks = {"type": "link", "title": "Runbooks", "url": RUNBOOKS, "icon": "doc", "targetBlank": True}
    return {"uid": f"proctor-{name}", "title": f"Proctor: {name}", "description": says, "tags": ["proctor"],
            "schemaVersion": 38, "version": 1, "editable": True, "timezone": "", "refresh": "30s",
            "time": {"from": "now-1h", "to": "now"}, "templating": {"list": [source, *variables]},
            "annotations": {"list": annotations}, "links": [others, runbooks, *links], "panels": laid_out(panels)}
