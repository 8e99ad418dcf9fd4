// What folium has no words for: many cells painted from one geometry, labels that make room for
// each other, and a sentence where a map cannot draw. Runs inside the map's frame, after Leaflet.
// Python sends one small message a change (app/maps.py); the geometry comes once, as a file.
(function () {
  "use strict";

  const here = document.currentScript.src;
  const files = new Map(); // address -> promise of what it holds
  let painted = 0; // the newest message: an older one that arrives late draws nothing
  const NARROW_PX = 600;
  const kept = { shapes: new Map() };

  function read(address) {
    if (!files.has(address)) {
      const asked = fetch(address).then((answer) => {
        if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
        return answer.json();
      });
      asked.catch(() => files.delete(address));
      files.set(address, asked);
    }
    return files.get(address);
  }

  function tell(words) {
    let note = document.getElementById("csa-map-note");
    if (!note) {
      note = document.createElement("p");
      note.id = "csa-map-note";
      note.setAttribute("role", "alert");
      note.style.cssText =
        "position:absolute;z-index:1000;left:50%;top:40%;transform:translate(-50%,-50%);" +
        "max-width:28em;margin:0;padding:1em 1.25em;border-radius:8px;background:#fff;" +
        "color:#1f2430;font:16px/1.45 'Source Sans',system-ui,sans-serif;" +
        "box-shadow:0 1px 6px rgba(0,0,0,.3)";
      document.body.appendChild(note);
    }
    note.textContent = words;
    if (!window.map) {
      // The component gives its frame a height only once a map is drawn.
      const ask = { isStreamlitMessage: true, type: "streamlit:setFrameHeight", height: 240 };
      window.parent.postMessage(ask, "*");
    }
  }

  // ---- The background: once for each map ---------------------------------------------------

  function pane(map, name, order) {
    const made = map.createPane(name);
    made.style.zIndex = order;
    made.setAttribute("aria-hidden", "true"); // shapes without names; the list beside the map says it
    return made;
  }

  function start(map, options) {
    kept.options = options;
    kept.shapes = new Map();
    map.getContainer().style.background = options.colors.land;
    document.body.classList.toggle("csa-dark", options.dark);
    if (options.mark) map.attributionControl.addAttribution(options.mark);
    map.getContainer().setAttribute("role", "application");
    map.getContainer().setAttribute("aria-label", options.words.map);
    if (window.frameElement) window.frameElement.title = options.words.map; // else the component's inner name
    const orders = { back: 210, far: 315, cells: 320, hairlines: 380, casing: 400, outline: 410, inner: 412, leaders: 415, services: 425, spots: 430 };
    for (const [name, order] of Object.entries(orders)) pane(map, name, order);
    pane(map, "place-names", 420).style.pointerEvents = "none";
    for (const name of ["back", "hairlines", "casing", "inner", "leaders"]) {
      map.getPane(name).style.pointerEvents = "none";
    }
    const thin = { back: "back", far: "far", cells: "cells", hairlines: "hairlines" };
    kept.canvas = {};
    for (const [name, where] of Object.entries(thin)) {
      kept.canvas[name] = L.canvas({ pane: where, padding: 0.4, tolerance: 4 });
    }
    L.control.scale({ imperial: options.imperial, metric: !options.imperial }).addTo(map);
    kept.bounds = options.bounds;
    kept.view = null;
    kept.leaders = L.layerGroup().addTo(map);
    fit(map);
    // One finger scrolls the page, above a map too: two move and zoom it.
    if (window.matchMedia("(pointer: coarse)").matches) map.dragging.disable();
    map.on("moveend zoomend resize", () => soon(map));
    map.on("resize", () => fitLegend(map));
    addHome(map, options);
    watchSize(map);
    keepNotesInside(map);
    read(options.base).then(
      (base) => drawBase(map, base, options),
      () => tell(options.words.no_geometry),
    );
  }

  // Steps of a whole zoom may leave half of the frame empty, or cut what is to be seen.
  function fit(map, options) {
    const step = map.options.zoomSnap;
    map.options.zoomSnap = 0.1;
    map.fitBounds(kept.bounds, { padding: [12, 12], animate: false, ...options });
    map.options.zoomSnap = step;
  }

  // After a closer look, back to the whole city by one key.
  function addHome(map, options) {
    const Home = L.Control.extend({
      onAdd() {
        const box = L.DomUtil.create("div", "leaflet-bar leaflet-control");
        const button = L.DomUtil.create("a", "csa-home", box);
        button.href = "#";
        button.title = options.words.home;
        button.setAttribute("role", "button");
        button.setAttribute("aria-label", options.words.home);
        button.textContent = "\u2302";
        L.DomEvent.disableClickPropagation(box);
        L.DomEvent.on(button, "click", (event) => {
          L.DomEvent.preventDefault(event);
          kept.bounds = options.bounds;
          fit(map);
        });
        return box;
      },
    });
    new Home({ position: "topleft" }).addTo(map);
  }

  // A frame that was hidden (another tab, a folded panel) has no size when the map starts.
  function watchSize(map) {
    let wasEmpty = map.getSize().x === 0;
    new ResizeObserver(() => {
      map.invalidateSize({ animate: false });
      if (wasEmpty && map.getSize().x > 0) {
        wasEmpty = false;
        fit(map);
      }
    }).observe(map.getContainer());
  }

  // A note beside the pointer is moved back into the frame where it would be cut off.
  function keepNotesInside(map) {
    let open = null;
    const settle = () => {
      const note = open && open.getElement();
      if (!note) return;
      note.style.translate = "";
      const [frame, box] = [map.getContainer(), note].map((one) => one.getBoundingClientRect());
      const back = (low, high, from, to) => Math.max(from - low, Math.min(0, to - high));
      const x = back(box.left, box.right, frame.left + 4, frame.right - 4);
      const y = back(box.top, box.bottom, frame.top + 4, frame.bottom - 4);
      if (x || y) note.style.translate = `${x}px ${y}px`;
    };
    map.on("tooltipopen", (event) => {
      open = event.tooltip;
      settle();
    });
    map.on("tooltipclose", () => { open = null; });
    map.on("mousemove zoomend moveend", settle);
  }

  // On a phone a note would cover the map: what else it says stands below the map.
  function briefly(map, lines) {
    return map.getSize().x < NARROW_PX ? lines.slice(0, 1) : lines;
  }

  function drawBase(map, base, options) {
    const colors = options.colors;
    const fill = (color) => ({ stroke: false, fill: true, fillColor: color, fillOpacity: 1 });
    const line = (color, weight) => ({ color: color, weight, opacity: 1, fill: false });
    const styles = {
      parks: fill(colors.park),
      water: { ...fill(colors.water), stroke: true, color: colors.water, weight: 1 },
      streets: line(colors.street, 0.8),
      main_streets: line(colors.main_street, 1.8),
      neighborhoods: line(colors.hairline, 1),
    };
    kept.base = {};
    for (const [name, style] of Object.entries(styles)) {
      if (!base.layers[name]) continue;
      const where = name === "neighborhoods" ? "hairlines" : "back";
      kept.base[name] = L.geoJSON(base.layers[name], {
        pane: where,
        renderer: kept.canvas[where],
        interactive: false,
        style: (feature) =>
          feature.geometry.type.endsWith("LineString") && name === "water"
            ? line(colors.water, 2)
            : style,
      });
    }
    kept.names = (base.names || []).map(([lat, lon, text]) =>
      L.marker([lat, lon], {
        pane: "place-names",
        interactive: false,
        keyboard: false,
        icon: L.divIcon({ className: "csa-place", html: "", iconSize: null }),
        text,
      }),
    );
    kept.baseMap = map;
    if (kept.visible) showBase(kept.visible);
  }

  function showBase(visible) {
    kept.visible = visible;
    const map = kept.baseMap;
    if (!map) return;
    for (const [name, layer] of Object.entries(kept.base)) {
      const isOn = visible.includes(name === "neighborhoods" ? "neighborhoods" : "background");
      const isNear = name !== "streets" || map.getZoom() >= 13;
      if (isOn && isNear) layer.addTo(map);
      else layer.remove();
    }
    soon(map);
  }

  // Neighborhoods' names where there is room for them, once those of the areas have theirs.
  const PLACES_FROM = 12.5;
  const PLACE_PX = { letter: 6.4, height: 16 };
  function showPlaces(map, taken) {
    const areOn = (kept.visible || []).includes("neighborhoods") && map.getZoom() >= PLACES_FROM;
    const size = map.getSize();
    for (const marker of kept.names || []) {
      const at = map.latLngToContainerPoint(marker.getLatLng());
      const half = (PLACE_PX.letter * marker.options.text.length) / 2;
      const box = { left: at.x - half, right: at.x + half, top: at.y, bottom: at.y + PLACE_PX.height };
      const isInside = box.left >= 0 && box.top >= 0 && box.right <= size.x && box.bottom <= size.y;
      if (!areOn || !isInside || taken.some((other) => areOver(box, other))) {
        marker.remove();
        continue;
      }
      taken.push(box);
      marker.addTo(map).getElement().textContent = marker.options.text;
    }
  }

  // ---- What changes: cells, areas, services ------------------------------------------------

  function paint(group, message) {
    const map = window.map || window.map_div;
    const turn = ++painted;
    showBase(message.visible);
    if (!kept.zoomBound) {
      kept.zoomBound = true;
      map.on("zoomend", () => {
        showBase(kept.visible);
        drawLines(map);
        map.getContainer().classList.toggle("csa-far", map.getZoom() < 12);
        showScale(map);
      });
      map.getContainer().classList.toggle("csa-far", map.getZoom() < 12);
    }
    kept.message = message;
    showScale(map);
    drawAreas(group, message);
    if (kept.view !== message.view && message.areas.length) showAreas(map, message);
    drawServices(group, message);
    // The group joins the map only after this script: labels have a size from then on.
    soon(map);
    const hasZones = Boolean(message.zones && message.zones.length);
    if (!message.counts.length && !message.risk && !hasZones) {
      done(turn);
      return;
    }
    const draw = message.risk ? drawRisk : hasZones ? drawZones : drawCells;
    const far = message.far;
    const wanted = [message.risk ? message.risk.geometry : message.cells];
    if (far) wanted.push(far.cells);
    Promise.all(wanted.map(read)).then(
      ([geometry, larger]) => {
        if (turn !== painted) return;
        draw(group, geometry, message, "cells");
        if (far) drawCells(group, larger, { ...message, ...far }, "far");
        done(turn);
      },
      () => {
        if (turn === painted) tell(kept.options.words.no_geometry);
      },
    );
  }

  // At first, and when others are followed, a map shows the areas, not the whole of a city that may
  // be ten times as wide, unless the page asks for all of it. Later the view is the reader's own.
  function showAreas(map, message) {
    kept.view = message.view;
    if (!message.whole) kept.bounds = message.frame || L.geoJSON(message.areas).getBounds().pad(0.12);
    fit(map, { maxZoom: 14 });
  }

  // For whoever waits: the number of the message that is on screen.
  function done(turn) {
    const note = document.getElementById("csa-map-note");
    if (note) note.remove(); // what could not be fetched before, now could
    document.body.dataset.painted = String(turn);
  }

  function shapeOf(geometry, n) {
    const points = [];
    for (const v of geometry.cells[n]) {
      points.push([
        geometry.origin[1] + geometry.y[v] * geometry.step,
        geometry.origin[0] + geometry.x[v] * geometry.step,
      ]);
    }
    return points;
  }

  // Of a whole city the larger cells are shown, of a part the small ones: both are drawn, and one
  // pane is hidden. The map's own legend says which.
  const NEAR_ZOOM = 13;

  function showScale(map) {
    const { far, legend } = kept.message;
    const isFar = Boolean(far) && map.getZoom() < NEAR_ZOOM;
    map.getPane("far").style.display = isFar ? "" : "none";
    map.getPane("cells").style.display = isFar ? "none" : "";
    showLegend(map, isFar ? far.legend : legend);
  }

  function showLegend(map, legend) {
    let box = document.getElementById("csa-map-legend");
    if (!box) {
      box = document.createElement("p");
      box.id = "csa-map-legend";
      document.body.appendChild(box);
    }
    box.replaceChildren();
    if (legend) box.appendChild(document.createElement("b")).textContent = legend.title;
    for (const [color, words] of legend ? legend.rows : []) {
      const row = box.appendChild(document.createElement("span"));
      row.appendChild(document.createElement("i")).style.background = color;
      row.append(words);
    }
    fitLegend(map);
  }

  // Below the map, never over it; in a narrower frame it has more lines.
  function fitLegend(map) {
    const box = document.getElementById("csa-map-legend");
    const height = box && box.firstChild ? box.offsetHeight : 0;
    map.getContainer().style.setProperty("--csa-legend", `${height}px`);
    map.invalidateSize({ animate: false });
  }

  function drawCells(group, geometry, message, where) {
    const known = kept.shapes.get(where);
    if (!known || known.address !== message.cells) {
      kept.shapes.set(where, { address: message.cells, of: new Map() });
    }
    const shapes = kept.shapes.get(where).of;
    const { bounds, palette, opacity, tooltips } = message;
    const layer = L.featureGroup();
    for (const [n, count, area] of message.counts) {
      let shape = shapes.get(n);
      if (!shape) {
        shape = L.polygon(shapeOf(geometry, n), {
          pane: where,
          renderer: kept.canvas[where],
          stroke: true,
          weight: 0.6,
          color: kept.options.colors.land,
          fillOpacity: opacity,
        });
        shape.bindTooltip(() => shape.words, { sticky: true, className: "csa-tip" });
        shape.middle = shape.getBounds().getCenter();
        shapes.set(n, shape);
      }
      let level = bounds.findIndex((bound) => count <= bound);
      if (level < 0) level = bounds.length - 1;
      shape.options.fillColor = palette[level];
      shape.isDark = level >= bounds.length - 2;
      shape.feature = { type: "Feature", properties: { area_id: area, cell: n } };
      shape.words = text(
        (count === 1 ? tooltips.one : tooltips.other).replace("{n}", count.toLocaleString("en-US")),
        where === "far" ? "" : area ? tooltips.inside.replace("{area}", area) : tooltips.outside,
      );
      layer.addLayer(shape);
    }
    group.addLayer(layer);
  }

  // Groups of cells, each of one color: their shapes stay, what colors them changes.
  function drawZones(group, geometry, message) {
    const layer = L.featureGroup();
    for (const zone of message.zones) {
      const common = { pane: "cells", renderer: kept.canvas.cells };
      if (zone.fill || zone.lines.length) {
        const shape = L.polygon(zone.cells.map((n) => [shapeOf(geometry, n)]), {
          ...common,
          stroke: Boolean(zone.fill),
          weight: 0.6,
          color: kept.options.colors.land,
          fillColor: zone.fill || kept.options.colors.land,
          fillOpacity: zone.fill ? zone.opacity : 0,
          interactive: zone.lines.length > 0,
        });
        shape.feature = { type: "Feature", properties: { area_id: zone.area } };
        if (zone.lines.length) {
          const [name, ...lines] = zone.lines;
          shape.bindTooltip(() => text(name, ...briefly(window.map || window.map_div, lines)), {
            sticky: true, className: "csa-tip",
          });
        }
        layer.addLayer(shape);
      }
      if (!zone.weight) continue;
      const line = { color: zone.line, weight: zone.weight, dashArray: zone.dash };
      const edge = edgeOf(geometry, zone.cells);
      layer.addLayer(L.polyline(edge, { ...common, ...line, interactive: false }));
    }
    group.addLayer(layer);
  }

  // The edge of a group of cells: the sides that only one of its cells has.
  function edgeOf(geometry, cells) {
    const sides = new Map();
    for (const n of cells) {
      const corners = geometry.cells[n];
      corners.forEach((from, place) => {
        const to = corners[(place + 1) % corners.length];
        const name = from < to ? `${from} ${to}` : `${to} ${from}`;
        if (sides.has(name)) sides.delete(name);
        else sides.set(name, [from, to]);
      });
    }
    const at = (v) => [
      geometry.origin[1] + geometry.y[v] * geometry.step,
      geometry.origin[0] + geometry.x[v] * geometry.step,
    ];
    return [...sides.values()].map((side) => side.map(at));
  }

  // A tooltip's lines as text, never as markup: names come from files.
  function text(...lines) {
    const box = document.createElement("div");
    for (const [n, words] of lines.filter(Boolean).entries()) {
      const line = document.createElement(n ? "div" : "strong");
      line.textContent = words;
      box.appendChild(line);
    }
    return box;
  }

  // An external score: where it is, from a file; a digit for each place, from the message.
  function drawRisk(group, geometry, message) {
    const { levels, palette } = message.risk;
    const layer = L.geoJSON(geometry.features, {
      pane: "cells",
      renderer: kept.canvas.cells,
      interactive: false,
      style: (feature) => ({
        stroke: false,
        fillColor: palette[Number(levels[feature.id])],
        fillOpacity: 0.8,
      }),
      pointToLayer: (feature, at) =>
        L.circleMarker(at, { pane: "cells", renderer: kept.canvas.cells, radius: 4 }),
    });
    group.addLayer(layer);
  }

  // A core service area has a double line: as wide as a road on a map, and as easy to tell from the
  // single line of a candidate.
  function drawAreas(group, message) {
    kept.labels = [];
    const colors = kept.options.colors;
    kept.lines = [];
    for (const feature of message.areas) {
      const { area_id: id, letter, place, lines, dash, core: isCore, named, twin, n } = feature.properties;
      const isChosen = [].concat(message.selected).includes(id);
      const common = { fill: false, interactive: false, lineJoin: "round" };
      const edge = isChosen ? colors.accent : colors.outline;
      const casing = L.geoJSON(feature, {
        pane: "casing",
        style: { ...common, color: colors.casing },
      });
      const shape = L.geoJSON(feature, {
        pane: "outline",
        style: {
          color: edge,
          fill: true,
          fillOpacity: isChosen ? 0.12 : 0,
          fillColor: edge,
          dashArray: dash || null,
          lineJoin: "round",
        },
      });
      const inner = isCore && L.geoJSON(feature, {
        pane: "inner",
        style: { ...common, color: colors.casing, dashArray: dash || null },
      });
      kept.lines.push({ casing, shape, inner, isChosen, dash, isTwin: Boolean(twin) });
      group.addLayer(casing);
      const called = letter ? `${letter}  ${place}` : place;
      const note = () => text(called, ...briefly(window.map || window.map_div, lines));
      shape.bindTooltip(note, { sticky: true, className: "csa-tip" });
      group.addLayer(shape);
      if (inner) group.addLayer(inner);
      const corners = cornersOf(feature.geometry);
      if (named === false) {
        kept.labels.push({ corners });
        continue;
      }
      const label = L.marker(feature.properties.at, {
        pane: "spots",
        keyboard: false,
        icon: L.divIcon({ className: "csa-label", html: "<b></b><span></span>", iconSize: null }),
      });
      // A letter is its own area's, whatever lies below it.
      label.feature = { type: "Feature", properties: { area_id: id } };
      label.bindTooltip(note, { className: "csa-tip" });
      // A featureGroup of one: the page is told of clicks on a group's layers alone.
      group.addLayer(L.featureGroup([label]));
      kept.labels.push({ label, letter, place, isChosen, corners, n: n || 0 });
    }
    drawLines(window.map || window.map_div);
  }

  function cornersOf(geometry) {
    const shapes = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
    return shapes.flatMap((rings) => rings[0].map(([lon, lat]) => L.latLng(lat, lon)));
  }

  // The outline that is found now where a core service area is, its twin if nearly the same, cannot
  // be told apart from it from afar.
  function drawLines(map) {
    const thick = thickness(map);
    for (const { casing, shape, inner, isChosen, dash, isTwin } of kept.lines || []) {
      const wide = thick * (inner ? 2 : 1) + (isChosen ? 2 : 0);
      const opacity = isTwin && !isChosen && map.getZoom() < NEAR_ZOOM ? 0 : 1;
      casing.setStyle({ weight: wide + thick + (isChosen ? 1 : 0), opacity });
      shape.setStyle({ weight: wide, opacity });
      // As long a dash as at the desk would leave nothing of a small outline.
      if (dash && !inner) shape.setStyle({ lineCap: "butt", dashArray: thick < 3 ? FINE_DASH : dash });
      if (inner) inner.setStyle({ weight: wide / 3 });
    }
  }

  // From afar, where areas are small, their lines are thinner: else they hide their own cells.
  function thickness(map) {
    return map.getZoom() < 11 ? 1 : map.getZoom() < 12 ? 2 : 3;
  }

  let waiting = 0;
  function soon(map) {
    window.clearTimeout(waiting);
    delete document.body.dataset.still;
    window.requestAnimationFrame(() => settleLabels(map));
    waiting = window.setTimeout(() => {
      settleLabels(map);
      document.body.dataset.still = "yes"; // for whoever waits: all has its final place
    }, 120);
  }

  function areOver(one, other) {
    return one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
  }

  const NAMES_FROM = 12; // from afar, many names would hide the cells
  const FEW = 12;
  const FINE_DASH = "3 2";
  const AWAY_PX = [12, 26, 44, 66, 92, 124];
  const ROUNDS = 3;
  const NEAR_PX = 4;
  const CORNERS = [[1, -1], [-1, -1], [1, 1], [-1, 1]];
  const WAYS = [...CORNERS, [0, -1], [0, 1], [1, 0], [-1, 0],
    ...CORNERS.flatMap(([x, y]) => [[x / 2, y], [x, y / 2]])];
  const COST = { dark: 12, edge: 1.5, away: 0.2, short: 20, crossed: 90, over: 45 };
  // A label stands outside its area, with a line to it, where it hides neither another label nor
  // the darkest cells, and where no line runs behind a label, across another line or over another
  // area. First the chosen area's, then those of core service areas, then names where there is
  // still room, of the areas with most incidents before others. Each looks for a better place once
  // the others have theirs.
  function settleLabels(map) {
    kept.leaders.clearLayers();
    const labels = (kept.labels || []).filter(({ label }) => label && label._map && label.getElement());
    const taken = [...document.querySelectorAll(".leaflet-control, #csa-map-legend")].map((one) =>
      one.getBoundingClientRect(),
    );
    const pixels = (corners) => corners.map((corner) => map.latLngToContainerPoint(corner));
    const grounds = (kept.labels || []).map(({ corners }) => pixels(corners));
    const crowd = {
      dark: inBuckets(darkCells(map)),
      edges: inBuckets(grounds.flatMap((ground) => ground.map(({ x, y }) => ({ x, y, ground })))),
    };
    const parts = labels
      .map((one) => ({ ...one, element: one.label.getElement(), corners: pixels(one.corners) }))
      .sort((a, b) => rank(a) - rank(b) || b.n - a.n);
    for (const { element, letter, place, isChosen } of parts) {
      element.children[0].textContent = letter;
      element.children[1].textContent = place;
      element.classList.toggle("csa-chosen", isChosen);
      element.style.visibility = "hidden";
      element.children[0].style.display = letter ? "" : "none";
      element.children[1].style.display = "";
    }
    const isNamed = (one) => one.letter || one.isChosen;
    const most = new Set(parts.filter((one) => !isNamed(one)).slice(0, FEW));
    const wanted = parts.filter((one) => isNamed(one) || most.has(one) || map.getZoom() >= NAMES_FROM);
    const options = new Map(wanted.map((part) => [part, placesFor(map, part, crowd)]));
    const put = new Map();
    const settle = (part, most) => {
      put.delete(part);
      const best = cheapest(options.get(part), taken, [...put.values()], most);
      if (best) put.set(part, best);
    };
    for (let round = 0; round < ROUNDS; round++) wanted.forEach((part) => settle(part, Infinity));
    // From the last on: a name without a clean place leaves room; then each may try once more.
    const names = wanted.filter((part) => rank(part) === 2);
    [...names].reverse().forEach((part) => settle(part, 0));
    names.filter((part) => !put.has(part)).forEach((part) => settle(part, 0));
    for (const [part, place] of put) putLabel(map, part, place, taken);
    showPlaces(map, taken);
  }

  function rank({ isChosen, letter }) {
    return isChosen ? 0 : letter ? 1 : 2;
  }

  function darkCells(map) {
    const cells = kept.shapes.get(map.getPane("far").style.display === "none" ? "cells" : "far");
    if (!cells) return [];
    const shown = [...cells.of.values()].filter((shape) => shape._map && shape.isDark);
    return shown.map((shape) => map.latLngToContainerPoint(shape.middle));
  }

  // Points by squares of the map: each of a thousand boxes asks for those in it.
  const BUCKET_PX = 24;
  function inBuckets(points) {
    const buckets = new Map();
    for (const point of points) {
      const key = bucketOf(Math.floor(point.x / BUCKET_PX), Math.floor(point.y / BUCKET_PX));
      if (!buckets.has(key)) buckets.set(key, []);
      buckets.get(key).push(point);
    }
    return buckets;
  }

  function bucketOf(column, row) {
    return column * 1e5 + row;
  }

  function pointsIn(buckets, { left, top, right, bottom }, by) {
    const found = [];
    const [first, last, high, low] = [left - by, right + by, top - by, bottom + by];
    for (let column = Math.floor(first / BUCKET_PX); column <= Math.floor(last / BUCKET_PX); column++) {
      for (let row = Math.floor(high / BUCKET_PX); row <= Math.floor(low / BUCKET_PX); row++) {
        for (const point of buckets.get(bucketOf(column, row)) || []) {
          const { x, y } = point;
          if (x > first && x < last && y > high && y < low) found.push(point);
        }
      }
    }
    return found;
  }

  function placesFor(map, part, { dark, edges }) {
    const size = map.getSize();
    const [letter, name] = [...part.element.children].map((one) => one.getBoundingClientRect());
    const height = Math.max(letter.height, name.height);
    const widths = [letter.width + name.width, ...(part.letter ? [letter.width] : [])];
    const found = [];
    for (const [n, width] of widths.entries()) {
      for (const [turn, [x, y]] of WAYS.entries()) {
        const from = part.corners.reduce((a, b) => (b.x * x + b.y * y > a.x * x + a.y * y ? b : a));
        for (const away of AWAY_PX) {
          const step = x && y ? away * 0.7 : away;
          const left = from.x + step * x - (width * (1 - x)) / 2;
          const top = from.y + step * y - (height * (1 - y)) / 2;
          const box = { left, top, right: left + width, bottom: top + height };
          const isInside = left >= 2 && top >= 2 && box.right <= size.x - 2 && box.bottom <= size.y - 2;
          if (!isInside) continue;
          const to = { x: Math.min(Math.max(from.x, left), box.right), y: Math.min(Math.max(from.y, top), box.bottom) };
          const [n_dark, n_edge] = [pointsIn(dark, box, 4).length, pointsIn(edges, box, 3).length];
          const cost = COST.dark * n_dark + COST.edge * n_edge + COST.over * linesOver(edges, part, from, to)
            + COST.away * away + COST.short * n + turn * 0.1;
          found.push({ cost, box, line: [from, to], isShort: n === 1 });
        }
      }
    }
    return found;
  }

  function cheapest(places, taken, others, mostCrossed) {
    let best = null;
    for (const place of places) {
      const { box, line } = place;
      if (taken.some((one) => areOver(box, one)) || others.some((one) => areOver(box, padded(one.box)))) continue;
      const n_crossed = others.filter((one) =>
        meets(line, one.box) || meets(one.line, box) || areCrossing(line, one.line)).length;
      const cost = place.cost + COST.crossed * n_crossed;
      if (n_crossed <= mostCrossed && (!best || cost < best.total)) best = { ...place, total: cost };
    }
    return best;
  }

  // Over how many other areas a line runs: those with a corner beside it.
  function linesOver(edges, part, from, to) {
    const [left, right] = [Math.min(from.x, to.x), Math.max(from.x, to.x)];
    const [top, bottom] = [Math.min(from.y, to.y), Math.max(from.y, to.y)];
    const beside = pointsIn(edges, { left, top, right, bottom }, NEAR_PX).filter((corner) => isNear(corner, from, to));
    const over = new Set(beside.map(({ ground }) => ground));
    return [...over].filter((ground) => !isSame(ground[0], part.corners[0])).length;
  }

  function isSame(one, other) {
    return one.x === other.x && one.y === other.y;
  }

  function isNear(point, from, to) {
    const [dx, dy] = [to.x - from.x, to.y - from.y];
    const along = ((point.x - from.x) * dx + (point.y - from.y) * dy) / (dx * dx + dy * dy || 1);
    const at = Math.min(Math.max(along, 0), 1);
    return Math.hypot(from.x + at * dx - point.x, from.y + at * dy - point.y) < NEAR_PX;
  }

  function padded({ left, right, top, bottom }) {
    return { left: left - 2, right: right + 2, top: top - 2, bottom: bottom + 2 };
  }

  function areCrossing([a, b], [c, d]) {
    const side = (p, q, r) => Math.sign((q.x - p.x) * (r.y - p.y) - (q.y - p.y) * (r.x - p.x));
    return side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0;
  }

  function meets([a, b], { left, right, top, bottom }) {
    const isIn = ({ x, y }) => x > left && x < right && y > top && y < bottom;
    const [fall, rise] = [[left, top, right, bottom], [left, bottom, right, top]].map(
      ([x, y, toX, toY]) => [{ x, y }, { x: toX, y: toY }],
    );
    return isIn(a) || isIn(b) || areCrossing([a, b], fall) || areCrossing([a, b], rise);
  }

  function putLabel(map, part, { box, line: ends, isShort }, taken) {
    const at = map.latLngToContainerPoint(part.label.getLatLng());
    part.element.style.translate = `${box.left - at.x}px ${box.bottom - at.y}px`;
    part.element.style.visibility = "visible";
    if (isShort) part.element.children[1].style.display = "none";
    taken.push(padded(box));
    const line = ends.map(({ x, y }) => map.containerPointToLatLng([x, y]));
    const look = { pane: "leaders", interactive: false, lineCap: "butt" };
    const { casing, accent, outline } = kept.options.colors;
    kept.leaders.addLayer(L.polyline(line, { ...look, color: casing, weight: 4 }));
    kept.leaders.addLayer(L.polyline(line, { ...look, color: part.isChosen ? accent : outline, weight: 1.5 }));
  }

  function drawServices(group, message) {
    for (const [lat, lon, letter, name, kind] of message.services) {
      const spot = L.marker([lat, lon], {
        pane: "services",
        keyboard: false,
        icon: L.divIcon({ className: "csa-service", html: "<i></i>", iconSize: [18, 18] }),
      });
      spot.bindTooltip(() => text(name, kind), { className: "csa-tip" });
      spot.on("add", () => { spot.getElement().firstChild.textContent = letter; });
      group.addLayer(spot);
    }
  }

  // Leaflet is asked for right after this file; without it there is no map to wait for.
  window.addEventListener("unhandledrejection", () => {
    if (!window.L) tell(new URL(here).searchParams.get("words"));
  });

  window.csaMap = { start, paint, tell };
})();
