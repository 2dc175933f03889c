# Makes the images that pillow.t works on and what Pillow makes of them, and
# compares.
#
#   pillow_ref.py make DIR    writes DIR/assets/*.png, DIR/want/N.png
#   pillow_ref.py compare DIR reads lines "N FILE"; prints, for each, the
#                             largest and the mean difference of a value

import colorsys
import json
import os
import sys

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

HERE = os.path.dirname(os.path.abspath(__file__))
CASES = json.load(open(os.path.join(HERE, "pillow.json")))


def inputs():
    rng = np.random.default_rng(7)
    y, x = np.mgrid[0:61, 0:83]
    soft = np.stack([x * 3, y * 4, (x + y) * 1.7], axis=2)
    soft = np.clip(soft + rng.normal(0, 6, soft.shape), 0, 255)
    noise = rng.integers(0, 256, (40, 40, 3))
    dim = 60 + rng.integers(0, 90, (33, 47, 3))
    alpha = np.dstack([soft, np.clip(x * 4, 0, 255)])
    picture = Image.new("RGB", (64, 64), (20, 60, 120))
    draw = ImageDraw.Draw(picture)
    draw.ellipse((8, 8, 50, 40), fill=(230, 180, 40))
    draw.rectangle((30, 30, 60, 60), fill=(200, 30, 60))
    draw.line((0, 63, 63, 0), fill=(250, 250, 250), width=2)
    mask = Image.new("L", (64, 64), 0)
    ImageDraw.Draw(mask).ellipse((10, 10, 54, 54), fill=200)
    images = {
        name: Image.fromarray(array.astype(np.uint8))
        for name, array in
        [("soft", soft), ("noise", noise), ("dim", dim), ("alpha", alpha)]
    }
    return {**images, "picture": picture, "mask": mask,
            "one": Image.new("RGB", (1, 1), (9, 200, 77))}


def files(images, folder):
    """Writes images in other formats; returns them as nodes see them."""
    soft, alpha = images["soft"], images["alpha"]
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    deep = Image.fromarray(
        (np.asarray(soft.convert("L")).astype(np.uint16) * 257))
    clear = soft.convert("P", palette=Image.ADAPTIVE, colors=8)
    for name, image, options in [
        ("gray.png", soft.convert("L"), {}),
        ("gray_alpha.png", alpha.convert("LA"), {}),
        ("palette.png", soft.convert("P"), {}),
        ("clear_palette.png", clear, {"transparency": 3}),
        ("deep.png", deep, {}),
        ("deep.tiff", deep, {}),
        ("turned.jpg", soft, {"exif": exif, "quality": 95}),
        ("still.webp", soft, {"lossless": True}),
        ("clear.webp", alpha, {"lossless": True, "exact": True}),
        ("frame.gif", soft.convert("P", palette=Image.ADAPTIVE), {}),
        ("plain.tiff", soft, {"compression": "tiff_lzw"}),
    ]:
        path = f"{folder}/{name}"
        image.save(path, **options)
        image = ImageOps.exif_transpose(Image.open(path))
        if name.startswith("deep"):
            image = soft.convert("L")
        has_alpha = "clear" in name or "alpha" in name
        images[name] = image.convert("RGBA" if has_alpha else "RGB")


# --- color grading: formulas on colours of 0 to 1 -----------------------------


def luminance(a):
    return (a @ np.array([0.2126, 0.7152, 0.0722]))[..., None]


def graded(function):
    def run(image, **p):
        a = function(np.asarray(image.convert("RGB")) / 255.0, **p)
        return Image.fromarray(np.rint(np.clip(a, 0, 1) * 255).astype("uint8"))
    return run


def lgg(a, **p):
    def rgb(name, default):
        return np.array([p.get(f"{name}_{c}", default) for c in "rgb"])

    lift = rgb("lift", 0) + p.get("lift_master", 0)
    gain = rgb("gain", 1) * p.get("gain_master", 1)
    gamma = rgb("gamma", 1) * p.get("gamma_master", 1)
    return np.maximum((a + lift) * gain, 1e-4) ** (1 / gamma)


def cdl(a, saturation=1, **p):
    def rgb(name, default):
        return np.array([p.get(f"{name}_{c}", default) for c in "rgb"])

    a = np.maximum(a * rgb("slope", 1) + rgb("offset", 0), 1e-4)
    a = a ** rgb("power", 1)
    gray = luminance(a)
    return gray + (a - gray) * saturation


def balance(a, temperature=0, tint=0):
    return a + 0.3 * np.array([temperature + tint / 2, -tint,
                               tint / 2 - temperature])


def exposure(a, exposure=0, contrast=0, highlights=0, shadows=0, whites=0,
             blacks=0):
    a = a * 2 ** exposure
    gray = luminance(a)
    a = a - np.clip(gray * 2 - 1, 0, 1) * highlights / 2
    a = a + np.clip(1 - gray * 2, 0, 1) * shadows / 2
    a = a * (1 + whites / 5)
    a = a + blacks / 5 * (1 - a)
    return 0.5 + (a - 0.5) * (1 + contrast)


def vibrance(a, saturation=0, vibrance=0):
    gray = luminance(a)
    a = gray + (a - gray) * (1 + saturation)
    high, low = a.max(2, keepdims=True), a.min(2, keepdims=True)
    has = np.where(high > 0, (high - low) / (high + 1e-3), 0)
    return gray + (a - gray) * (1 + vibrance * (1 - has))


def curves(a, black_point=0, white_point=1, shadows=0, midtones=0,
           highlights=0, red_midtones=0, green_midtones=0, blue_midtones=0):
    a = np.clip((a - black_point) / (white_point - black_point), 0, 1)
    a = a + shadows * (1 - a) * a
    a = a ** (1 / (1 + midtones))
    a = a + highlights * a * (1 - a)
    for i, m in enumerate([red_midtones, green_midtones, blue_midtones]):
        if m:
            a[..., i] = np.clip(a[..., i], 1e-4, 1) ** (1 / (1 + m))
    return a


def vignette(a, amount=0.5, midpoint=0.5, roundness=0, feather=0.5):
    h, w = a.shape[:2]
    y, x = np.mgrid[0:h, 0:w]
    x, y = (x - w / 2) / (w / 2), (y - h / 2) / (h / 2)
    if roundness > 0:
        x = x * (1 + (h / w - 1) * roundness)
    far = np.hypot(x, y)
    if roundness < 0:
        square = np.maximum(abs(x), abs(y))
        far = far * (1 + roundness) - square * roundness
    dark = np.clip((far - midpoint) / max(feather, 0.01), 0, 1)
    return a * (1 - dark * amount)[..., None]


def tones(a, shadow, light, shadow_mask, light_mask):
    return a + shadow_mask * (shadow - 0.5) + light_mask * (light - 0.5)


def split(a, shadow_hue=200, shadow_saturation=0.3, highlight_hue=40,
          highlight_saturation=0.3, balance=0):
    def hue(degrees):
        k = (np.array([5, 3, 1]) + degrees / 60) % 6
        return 1 - np.clip(np.minimum(k, 4 - k), 0, 1)

    gray = luminance(a)
    a = a + np.clip((0.5 + balance / 4 - gray) * 2, 0, 1) * (
        hue(shadow_hue) - 0.5) * shadow_saturation
    return a + np.clip((gray - 0.5 + balance / 4) * 2, 0, 1) * (
        hue(highlight_hue) - 0.5) * highlight_saturation


def film(a, preset="teal_orange", intensity=1):
    shadow, light, contrast, saturation, fade = {
        "teal_orange": ([0, .5, .55], [1, .78, .6], 1.1, 1.1, 0),
        "noir": ([.2, .2, .24], [.86, .86, .9], 1.4, .3, 0),
        "vintage": ([.4, .32, .24], [1, .94, .78], .9, .8, .15),
    }[preset]
    gray = luminance(a)
    now = a + np.clip(1 - gray * 2, 0, 1) * (np.array(shadow) - .5) * .3
    now = now + np.clip(gray * 2 - 1, 0, 1) * (np.array(light) - .5) * .3
    now = (now - .5) * contrast + .5
    gray = luminance(now)
    now = gray + (now - gray) * saturation
    now = now * (1 - fade) + fade * .15
    return a + (now - a) * intensity


RANGES = {"reds": (0.95, 1.05), "oranges": (0.02, 0.10),
          "greens": (0.18, 0.45), "blues": (0.55, 0.72)}


def hsl(a, color_range="all", hue_shift=0, saturation=0, luminance=0):
    def pixel(rgb):
        h, s, v = colorsys.rgb_to_hsv(*rgb)
        share = 1
        if color_range != "all":
            start, end = RANGES[color_range]
            far = abs(h - (start + end) / 2 % 1)
            share = 1 - min(far, 1 - far) / ((end - start) / 2 + 0.01)
            inside = start <= h <= end or start <= h + 1 <= end
            share = max(share, 0) if inside and s > 0.1 else 0
        return colorsys.hsv_to_rgb((h + hue_shift / 2 * share) % 1,
                                   min(s * (1 + saturation * share), 1),
                                   min(v * (1 + luminance * share), 1))

    return np.apply_along_axis(pixel, 2, a)


# --- what the nodes do, by Pillow ----------------------------------------------

def enhanced(kind):
    return lambda image, factor: kind(image).enhance(factor)


def filtered(kind):
    return lambda image: image.filter(kind)


def composite(image1, image2, mask):
    image1, image2 = image1.convert("RGBA"), image2.convert("RGBA")
    return Image.composite(image1, ImageOps.fit(image2, image1.size),
                           ImageOps.fit(mask.convert("RGB"),
                                        image1.size).convert("L"))


def paste(image, paste, left=0, top=0):
    image = image.copy()
    image.paste(paste, (left, top), paste if paste.mode == "RGBA" else None)
    return image


REFERENCES = {
    "nodetool.image.Scale": lambda image, scale: image.resize(
        (int(image.width * scale), int(image.height * scale)),
        Image.LANCZOS),
    "nodetool.image.Resize": lambda image, width, height: image.resize(
        (width, height), Image.LANCZOS),
    "nodetool.image.Fit": lambda image, width, height: ImageOps.fit(
        image, (width, height), Image.LANCZOS),
    "nodetool.image.Crop": lambda image, left, top, right, bottom:
        image.crop((left, top, right, bottom)),
    "nodetool.image.Paste": paste,
    "lib.pillow.__init__.Blend": lambda image1, image2, alpha: Image.blend(
        image1, ImageOps.fit(image2, image1.size), alpha),
    "lib.pillow.__init__.Composite": composite,
    "lib.pillow.enhance.Brightness": enhanced(ImageEnhance.Brightness),
    "lib.pillow.enhance.Contrast": enhanced(ImageEnhance.Contrast),
    "lib.pillow.enhance.Color": enhanced(ImageEnhance.Color),
    "lib.pillow.enhance.Sharpness": enhanced(ImageEnhance.Sharpness),
    "lib.pillow.enhance.AutoContrast": ImageOps.autocontrast,
    "lib.pillow.enhance.Equalize": ImageOps.equalize,
    "lib.pillow.enhance.EdgeEnhance": filtered(ImageFilter.EDGE_ENHANCE),
    "lib.pillow.enhance.Sharpen": filtered(ImageFilter.SHARPEN),
    "lib.pillow.enhance.Detail": filtered(ImageFilter.DETAIL),
    "lib.pillow.enhance.RankFilter": lambda image, size, rank: image.filter(
        ImageFilter.RankFilter(size, rank)),
    "lib.pillow.enhance.UnsharpMask": lambda image, **p: image.filter(
        ImageFilter.UnsharpMask(**p)),
    "lib.pillow.filter.Blur": lambda image, radius: image.filter(
        ImageFilter.GaussianBlur(radius)),
    "lib.pillow.filter.Contour": filtered(ImageFilter.CONTOUR),
    "lib.pillow.filter.Emboss": filtered(ImageFilter.EMBOSS),
    "lib.pillow.filter.FindEdges": filtered(ImageFilter.FIND_EDGES),
    "lib.pillow.filter.Smooth": filtered(ImageFilter.SMOOTH),
    "lib.pillow.filter.Invert": ImageOps.invert,
    "lib.pillow.filter.Solarize": ImageOps.solarize,
    "lib.pillow.filter.Posterize": ImageOps.posterize,
    "lib.pillow.filter.Expand": lambda image, border, fill: ImageOps.expand(
        image, border, (fill, fill, fill)),
    "lib.pillow.filter.ConvertToGrayscale": lambda image: image.convert("L"),
    "lib.pillow.filter.GetChannel": lambda image, channel: image.getchannel(
        channel),
    "lib.pillow.color_grading.LiftGammaGain": graded(lgg),
    "lib.pillow.color_grading.CDL": graded(cdl),
    "lib.pillow.color_grading.ColorBalance": graded(balance),
    "lib.pillow.color_grading.Exposure": graded(exposure),
    "lib.pillow.color_grading.SaturationVibrance": graded(vibrance),
    "lib.pillow.color_grading.Curves": graded(curves),
    "lib.pillow.color_grading.Vignette": graded(vignette),
    "lib.pillow.color_grading.SplitToning": graded(split),
    "lib.pillow.color_grading.FilmLook": graded(film),
    "lib.pillow.color_grading.HSLAdjust": graded(hsl),
}


def make(folder):
    images = inputs()
    for name, image in images.items():
        image.save(f"{folder}/assets/{name}.png")
    files(images, f"{folder}/assets")
    for n, case in enumerate(CASES):
        values = {
            name: images[value[1:]]
            if isinstance(value, str) and value.startswith("@") else value
            for name, value in case["data"].items()
        }
        REFERENCES[case["type"]](**values).save(f"{folder}/want/{n}.png")


def compare(folder):
    for line in sys.stdin:
        n, path = line.split()
        got = Image.open(path)
        want = Image.open(f"{folder}/want/{n}.png")
        if got.size != want.size or got.mode != want.mode:
            print(json.dumps({"error": f"{got.mode} {got.size}, not "
                                       f"{want.mode} {want.size}"}))
            continue
        off = abs(np.asarray(got).astype(int) - np.asarray(want).astype(int))
        print(json.dumps({"max": int(off.max()), "mean": float(off.mean())}))


{"make": make, "compare": compare}[sys.argv[1]](sys.argv[2])
