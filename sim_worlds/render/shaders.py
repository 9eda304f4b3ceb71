"""GLSL programs of the OpenGL renderer.

Square roots stand for gamma: pow() is dear on a software rasteriser. These programs draw the scene:

* *solid*, for what has small triangles, seen from outside: the shadow map per pixel, the rest per vertex;
* *broad*, for large triangles and what can be seen from both sides: light, shadow map and fog per pixel;
* both again with the shadows of what moves, for the ground;
* *cut*, for foliage and other pictures with holes: everything per vertex, as many layers of it lie over each other.
"""

_AIR = """
uniform vec3 eye;
uniform vec3 sun_direction;
uniform vec3 horizon_colour;
uniform vec3 glow_colour;  // added to the air where one looks towards the sun
vec3 air_towards(float sunward) {
    float glow = max(sunward, 0.0);
    glow *= glow; glow *= glow;
    return horizon_colour + glow_colour * glow;
}
"""

_VERTEX = (
    """
#version 330
uniform mat4 clip_from_world;
uniform mat4 shadow_from_world;
uniform vec3 ambient_colour;  // from the sky
uniform vec3 bounce_colour;  // from the ground
uniform vec3 sun_colour;
in vec3 in_position; in vec3 in_normal; in vec2 in_uv; in vec3 in_colour; in float in_layer;
in vec4 in_row0; in vec4 in_row1; in vec4 in_row2; in vec4 in_tint;
uniform float fog_density;
out vec3 uvl; flat out float category;
"""
    + _AIR
)

_PLACE = """
    vec4 local = vec4(in_position, 1.0);
    vec3 world = vec3(dot(in_row0, local), dot(in_row1, local), dot(in_row2, local));
    vec3 n = normalize(vec3(dot(in_row0.xyz, in_normal), dot(in_row1.xyz, in_normal), dot(in_row2.xyz, in_normal)));
    uvl = vec3(in_uv, in_layer);
    vec3 tone = in_colour * in_tint.rgb;
    tone *= tone;
    category = in_tint.a;
"""

_DEEP_ALIKE = """
invariant gl_Position;  // what is drawn with moving shadows lies as deep for the same program without
"""

BROAD_VERTEX = (
    _VERTEX
    + _DEEP_ALIKE
    + """
out vec3 colour; out vec3 shadow; out vec3 away; out vec2 slope;
void main() {"""
    + _PLACE
    + """
    colour = tone;
    slope = vec2(dot(n, sun_direction), n.z);
    shadow = (shadow_from_world * vec4(world, 1.0)).xyz;
    away = world - eye;
    gl_Position = clip_from_world * vec4(world, 1.0);
}
"""
)

_BROAD_INPUTS = (
    """
#version 330
uniform sampler2DArray textures;
uniform sampler2DShadow shadow_map;
uniform vec3 sun_colour;
uniform vec3 ambient_colour;
uniform vec3 bounce_colour;
uniform float fog_density;
in vec3 uvl; in vec3 colour; in vec3 shadow; in vec3 away; in vec2 slope; flat in float category;
out vec4 pixel;
"""
    + _AIR
)

_BROAD_MAIN = """
void main() {
    vec3 albedo = texture(textures, uvl).rgb;
    albedo *= albedo * colour;
    vec2 side = gl_FrontFacing ? slope : -slope;
    float lit = max(side.x, 0.0) * sunlit();
    vec3 light = mix(bounce_colour, ambient_colour, 0.5 + 0.5 * side.y) + sun_colour * lit;
    float squared = dot(away, away);
    float inverse = inversesqrt(squared);
    float clear = exp2(-fog_density * squared * inverse);
    pixel = vec4(sqrt(mix(air_towards(dot(away, sun_direction) * inverse), albedo * light, clear)), category);
}
"""

_SUNLIT = """
float sunlit() { return texture(shadow_map, shadow); }
"""

_SUNLIT_BETWEEN_CAPSULES = """
uniform int capsules;  // at least 1
uniform vec4 capsule_foot[8];  // in the shadow map's frame, and the half width there
uniform vec4 capsule_axis[8];  // foot to head, and the inverse of its squared length across the light
uniform float capsule_depth[8];  // half the width along the light
float sunlit() {
    float lit = texture(shadow_map, shadow);
    int i = 0;
    do {
        vec3 off = shadow - capsule_foot[i].xyz;
        float along = clamp(dot(off.xy, capsule_axis[i].xy) * capsule_axis[i].w, 0.0, 1.0);
        off -= along * capsule_axis[i].xyz;
        float miss = sqrt(dot(off.xy, off.xy)) / capsule_foot[i].w;
        lit *= off.z > capsule_depth[i] ? smoothstep(0.6, 1.1, miss) : 1.0;
    } while (++i < capsules);
    return lit;
}
"""

BROAD_FRAGMENT = _BROAD_INPUTS + _SUNLIT + _BROAD_MAIN
BROAD_SHADED_FRAGMENT = _BROAD_INPUTS + _SUNLIT_BETWEEN_CAPSULES + _BROAD_MAIN

_HAZE = """
    vec3 ray = world - eye;
    float reach = length(ray) + 1e-5;
    float sunward = dot(ray, sun_direction) / reach;
    float clear = exp2(-fog_density * reach);
    haze = air_towards(sunward) * (1.0 - clear);
    vec3 ambient = mix(bounce_colour, ambient_colour, 0.5 + 0.5 * n.z);
"""

SOLID_VERTEX = (
    _VERTEX
    + _DEEP_ALIKE
    + """
out vec3 gain; out vec3 sun_gain; out vec3 haze; out vec3 shadow;
void main() {"""
    + _PLACE
    + _HAZE
    + """
    shadow = (shadow_from_world * vec4(world, 1.0)).xyz;
    tone *= clear;
    gain = tone * ambient;
    sun_gain = tone * sun_colour * max(dot(n, sun_direction), 0.0);
    gl_Position = clip_from_world * vec4(world, 1.0);
}
"""
)

_SOLID_INPUTS = """
#version 330
uniform sampler2DArray textures;
uniform sampler2DShadow shadow_map;
in vec3 uvl; in vec3 gain; in vec3 sun_gain; in vec3 haze; in vec3 shadow; flat in float category;
out vec4 pixel;
"""

_SOLID_MAIN = """
void main() {
    vec3 texel = texture(textures, uvl).rgb;
    pixel = vec4(sqrt(texel * texel * (gain + sun_gain * sunlit()) + haze), category);
}
"""

SOLID_FRAGMENT = _SOLID_INPUTS + _SUNLIT + _SOLID_MAIN
SOLID_SHADED_FRAGMENT = _SOLID_INPUTS + _SUNLIT_BETWEEN_CAPSULES + _SOLID_MAIN

CUT_VERTEX = (
    _VERTEX
    + """
uniform sampler2DShadow shadow_map;
uniform float wind;
uniform float time;
in vec2 in_leaf;  // metres of sway per m/s of wind, 1 for leaves
out vec3 gain; out vec3 haze;
void main() {"""
    + _PLACE
    + """
    float phase = dot(world, vec3(0.55, 0.35, 0.25));
    float gust = sin(1.7 * time + phase) + 0.6 * sin(4.3 * time + 5.0 * phase);
    world += in_leaf.x * wind * gust * vec3(0.8, 0.6, 0.25);"""
    + _HAZE
    + """
    // A leaf is lit from its front, and lets some of the light through: most when one looks towards the sun.
    float facing = dot(n, sun_direction);
    float through = max(sunward, 0.0);
    through = 0.3 + 0.7 * through * through;
    float direct = mix(abs(facing), 0.35 + 0.65 * max(facing, 0.0) + through, in_leaf.y);
    float shade = textureLod(shadow_map, (shadow_from_world * vec4(world, 1.0)).xyz, 0.0);
    gain = tone * clear * (ambient + sun_colour * (direct * shade));
    gl_Position = clip_from_world * vec4(world, 1.0);
}
"""
)

CUT_FRAGMENT = """
#version 330
uniform sampler2DArray textures;
in vec3 uvl; in vec3 gain; in vec3 haze; flat in float category;
out vec4 pixel;
void main() {
    vec4 texel = texture(textures, uvl);
    if (texel.a < 0.35) discard;
    pixel = vec4(sqrt(texel.rgb * texel.rgb * gain + haze), category);
}
"""

SHADOW_VERTEX = """
#version 330
uniform mat4 clip_from_world;
in vec3 in_position; in vec2 in_uv; in float in_layer;
in vec4 in_row0; in vec4 in_row1; in vec4 in_row2;
out vec3 uvl;
void main() {
    vec4 local = vec4(in_position, 1.0);
    vec3 world = vec3(dot(in_row0, local), dot(in_row1, local), dot(in_row2, local));
    uvl = vec3(in_uv, in_layer);
    gl_Position = clip_from_world * vec4(world, 1.0);
}
"""

SHADOW_FRAGMENT = """
#version 330
uniform sampler2DArray textures;
in vec3 uvl;
void main() {
    if (texture(textures, uvl).a < 0.35) discard;
}
"""

SKY_VERTEX = """
#version 330
uniform mat4 world_from_clip;
in vec2 in_corner;
out vec3 direction;
void main() {
    vec4 far = world_from_clip * vec4(in_corner, 1.0, 1.0);
    vec4 near = world_from_clip * vec4(in_corner, -1.0, 1.0);
    direction = far.xyz / far.w - near.xyz / near.w;
    gl_Position = vec4(in_corner, 1.0, 1.0);
}
"""

SKY_FRAGMENT = (
    """
#version 330
uniform vec3 sun_colour;
uniform vec3 zenith_colour;
uniform vec3 cloud_colour;
uniform sampler2D cloud_map;
uniform float cloudiness;
in vec3 direction;
out vec4 pixel;
"""
    + _AIR
    + """
void main() {
    vec3 d = normalize(direction);
    float height = max(d.z, 0.0);
    float sunward = dot(d, sun_direction);
    vec3 sky = mix(air_towards(sunward), zenith_colour, sqrt(height));
    vec2 plane = d.xy / (height + 0.12) * 0.11;
    float cover = smoothstep(1.0 - cloudiness, 1.35 - cloudiness, texture(cloud_map, plane).r);
    sky = mix(sky, cloud_colour, cover * smoothstep(0.02, 0.2, d.z));
    float disc = max(sunward, 0.0);
    disc *= disc; disc *= disc; disc *= disc; disc *= disc; disc *= disc;
    sky += sun_colour * (0.12 * disc + 0.8 * smoothstep(0.9993, 0.9997, sunward)) * (1.0 - 0.7 * cover);
    pixel = vec4(sqrt(clamp(sky, 0.0, 1.0)), 0.0);
}
"""
)
