#!/usr/bin/env python3
"""nadir export --reproject, held against gdaltransform and ogr2ogr, which are not ours."""
import subprocess

import common
from common import SAMPLE, SAMPLES, polygons_area, read_vector, transform, wkt_polygons
from test_exchange import BOX, RING, TURNED, Exchange
from test_import import box, collection

FORMATS = ("shp", "gpkg", "fgb", "csv")


class Reproject(Exchange):
    def crs(self, path):
        done = subprocess.run(["ogrinfo", "-so", "-al", str(path)], check=True, capture_output=True, text=True)
        return done.stdout

    def points(self, path):
        rows = read_vector(path, self.tmp, path.stem if path.suffix == ".gpkg" else "")
        return [[p for polygon in wkt_polygons(r["WKT"]) for r_ in polygon for p in r_] for r in rows]

    def test_as_gdal_says(self):
        """Each vertex lies where gdaltransform puts the pixel; the file names its CRS; it comes back to the pixel."""
        want = self.fill(("ring", RING, ""), ("turned", TURNED, ""))
        corners = [tuple(p) for p in TURNED["coordinates"][0]]
        for epsg, name in ((3857, "Pseudo"), (32618, "zone 18N|Zone_18N"), (4326, "WGS 84|WGS_1984"), (5070, "Albers"), (26917, "NAD83|NAD_1983")):
            for to in FORMATS:
                with self.subTest(epsg=epsg, format=to):
                    self.project = self.tmp / "p.nadir.gpkg"
                    out = self.tmp / f"r{epsg}.{to}"
                    self.export(out.name, to, "--reproject", f"EPSG:{epsg}")
                    expected = transform(corners, SAMPLE, "-t_srs", f"EPSG:{epsg}")
                    shapes = self.points(out)
                    got = min(shapes, key=len)
                    for p in expected:
                        nearest = min(max(abs(p[0] - q[0]), abs(p[1] - q[1])) for q in got)
                        self.assertLess(nearest, 1e-9 if epsg == 4326 else 2e-5, "a fifth of a thousandth of a pixel")
                    if to != "csv":
                        self.assertRegex(self.crs(out), name)
                    self.again(out.name)
                    self.assertEqual([v > 0 for v in self.mask()], [v > 0 for v in want])

    def test_utm_of_the_image(self):
        self.fill(("box", BOX, ""))
        self.export("u.gpkg", "gpkg", "--reproject", "utm")
        self.export("own.gpkg", "gpkg")
        self.assertIn('"EPSG",32617', self.crs(self.tmp / "u.gpkg"))
        for a, b in zip(self.points(self.tmp / "u.gpkg")[0], self.points(self.tmp / "own.gpkg")[0]):
            self.assertAlmostEqual(a[0], b[0], places=4)
            self.assertAlmostEqual(a[1], b[1], places=4)

    def test_long_edges_bend(self):
        """Along a parallel of a conic: ogr2ogr of a densified outline has the same area, one of four corners has not."""
        image = self.tmp / "wide.vrt"
        image.write_text('<VRTDataset rasterXSize="4000" rasterYSize="3000"><SRS>EPSG:4326</SRS><GeoTransform>-125, 0.01, 0, 50, 0, -0.01'
                         '</GeoTransform><VRTRasterBand dataType="Byte" band="1"/></VRTDataset>')
        path = self.write_json("in.pixel.geojson", collection(({"class": "x"}, box(100, 100, 3900, 2900))))
        self.ok(self.run_import(path, "--image", image))
        self.export("a.gpkg", "gpkg", "--reproject", "EPSG:5070")
        self.export("own.gpkg", "gpkg")
        area = polygons_area(wkt_polygons(read_vector(self.tmp / "a.gpkg", self.tmp, "a")[0]["WKT"]))
        areas = {}
        for name, more in (("dense", ["-segmentize", "0.01"]), ("corners", [])):
            out = self.tmp / f"{name}.gpkg"
            subprocess.run(["ogr2ogr", "-t_srs", "EPSG:5070", *more, str(out), str(self.tmp / "own.gpkg"), "own"], check=True)
            areas[name] = polygons_area(wkt_polygons(read_vector(out, self.tmp, "own")[0]["WKT"]))
        self.assertLess(abs(area / areas["dense"] - 1), 5e-6)
        self.assertGreater(abs(areas["corners"] / areas["dense"] - 1), 1e-4)

    def test_the_antimeridian(self):
        image = self.tmp / "fiji.vrt"
        image.write_text('<VRTDataset rasterXSize="400" rasterYSize="300"><SRS>EPSG:32760</SRS><GeoTransform>780000, 1000, 0, 8100000, 0, -1000'
                         '</GeoTransform><VRTRasterBand dataType="Byte" band="1"/></VRTDataset>')
        path = self.write_json("in.pixel.geojson", collection(({"class": "x"}, box(10, 10, 390, 290))))
        self.ok(self.run_import(path, "--image", image))
        for code in (4326, 4269, 4258, 4674):  # every system of longitudes, not WGS 84 alone
            with self.subTest(code=code):
                name = f"a{code}"
                self.export(f"{name}.gpkg", "gpkg", "--reproject", f"EPSG:{code}")
                self.assertIn(f'"EPSG",{code}', self.crs(self.tmp / f"{name}.gpkg"))
                polygons = wkt_polygons(read_vector(self.tmp / f"{name}.gpkg", self.tmp, name)[0]["WKT"])
                xs = [x for p in polygons for x, _ in p[0]]
                self.assertTrue(len(polygons) == 2 and min(xs) == -180 and max(xs) == 180, xs)
                self.assertTrue(all(max(x for x, _ in p[0]) - min(x for x, _ in p[0]) < 10 for p in polygons))
        self.export("paris.gpkg", "gpkg", "--reproject", "EPSG:4807")  # grads, from Paris
        polygons = wkt_polygons(read_vector(self.tmp / "paris.gpkg", self.tmp, "paris")[0]["WKT"])
        self.assertEqual(len(polygons), 2)
        self.assertAlmostEqual(max(abs(x) for p in polygons for x, _ in p[0]), 200)

    def test_control_points(self):
        image = SAMPLES / "cog_gcps.tif"
        if not image.exists():
            self.skipTest("no shared samples")
        path = self.write_json("in.pixel.geojson", collection(({"class": "x"}, box(500, 300, 700, 500))))
        self.ok(self.run_import(path, "--image", image))
        self.export("a.gpkg", "gpkg", "--reproject", "EPSG:3857")
        self.assertIn('"EPSG",3857', self.crs(self.tmp / "a.gpkg"))
        self.project = self.tmp / "again.nadir.gpkg"
        self.ok(self.run_import(self.tmp / "a.gpkg", "--image", image))
        self.assertEqual(self.rows()[0]["area_px"], 40000)

    def test_refused(self):
        self.fill(("box", BOX, ""))
        for to, crs, *words in (("geojson", "EPSG:3857", "always", "4326", "gpkg"), ("kml", "EPSG:3857", "always"),
                                ("coco", "EPSG:3857", "pixels", "gpkg"), ("tif", "EPSG:4326", "pixels"),
                                ("gpkg", "EPSG:999999", "EPSG:999999"), ("gpkg", "EPSG:4978", "EPSG:4978", "projected"),
                                ("gpkg", "EPSG:5703", "EPSG:5703")):
            with self.subTest(to=to, crs=crs):
                self.fails(self.nadir("export", self.project, "--to", to, "-o", self.tmp / "no.out", "--reproject", crs), *words)
                self.assertEqual(list(self.tmp.glob("no*")), [])
        for text in ("3857", "EPSG:", "EPSG:x", "EPSG:-1", "mercator"):
            self.fails(self.nadir("export", self.project, "-o", self.tmp / "no.gpkg", "--reproject", text), "EPSG:n", text, status=2)
        self.fails(self.nadir("export", self.project, "--to", "yolo", "--tiles", 100, "-o", self.tmp / "no", "--reproject", "utm"), "tiles",
                   status=2)
        self.export("ok.geojson", "geojson", "--reproject", "EPSG:4326")

    def test_an_image_without_a_crs(self):
        plain = self.tmp / "plain.png"
        subprocess.run(["gdal_translate", "-q", "-of", "PNG", "--config", "GDAL_PAM_ENABLED", "NO", str(SAMPLE), str(plain)], check=True)
        self.ok(self.run_import(self.write_json("in.pixel.geojson", collection(({"class": "x"}, BOX))), "--image", plain))
        for crs, *words in (("EPSG:3857", "no coordinate system", "assign one"), ("utm", "no UTM zone")):
            self.fails(self.nadir("export", self.project, "-o", self.tmp / "no.gpkg", "--reproject", crs), *words)
        self.assertEqual(list(self.tmp.glob("no*")), [])


if __name__ == "__main__":
    common.main()
