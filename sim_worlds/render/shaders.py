"""GLSL programs of the OpenGL renderer. Square roots stand for gamma: pow() is dear on a software rasteriser."""

SCENE_VERTEX = """
#version 330
uniform mat4 clip_from_world;
uniform mat4 shadow_from_world;
in vec3 in_position; in vec3 in_normal; in vec2 in_uv; in vec3 in_colour; in float in_layer;
in vec4 in_row0; in vec4 in_row1; in vec4 in_row2; in vec4 in_tint;
out vec3 world; out vec3 normal; out vec3 uvl; out vec3 colour; out vec3 shadow; flat out float category;
void main() {
    vec4 local = vec4(in_position, 1.0);
    world = vec3(dot(in_row0, local), dot(in_row1, local), dot(in_row2, local));
    normal = vec3(dot(in_row0.xyz, in_normal), dot(in_row1.xyz, in_normal), dot(in_row2.xyz, in_normal));
    uvl = vec3(in_uv, in_layer);
    colour = in_colour * in_tint.rgb;
    category = in_tint.a;
    vec4 position = shadow_from_world * vec4(world, 1.0);
    shadow = position.xyz * 0.5 + 0.5;
    gl_Position = clip_from_world * vec4(world, 1.0);
}
"""

SCENE_FRAGMENT = """
#version 330
uniform sampler2DArray textures;
uniform sampler2DShadow shadow_map;
uniform vec3 eye;
uniform vec3 sun_direction;
uniform vec3 sun_colour;
uniform vec3 ambient_colour;
uniform vec3 horizon_colour;
uniform float fog_density;
uniform int capsules;
uniform vec4 capsule[8];  // centre of the foot, half width; each stands upright
uniform float capsule_height[8];
in vec3 world; in vec3 normal; in vec3 uvl; in vec3 colour; in vec3 shadow; flat in float category;
out vec4 pixel;
void main() {
    vec4 texel = texture(textures, uvl);
    if (texel.a < 0.35) discard;
    vec3 albedo = texel.rgb * colour;
    albedo *= albedo;
    vec3 n = normalize(normal);
    if (!gl_FrontFacing) n = -n;
    float facing = max(dot(n, sun_direction), 0.0);
    float lit = facing > 0.0 ? texture(shadow_map, shadow) : 0.0;
    for (int i = 0; i < capsules; i++) {
        // Closest approach of the sun ray to an upright axis, in the horizontal plane.
        vec2 away = capsule[i].xy - world.xy;
        vec2 ray = sun_direction.xy;
        float along = max(dot(away, ray) / max(dot(ray, ray), 1e-4), 0.0);
        vec2 miss = away - along * ray;
        float height = world.z + along * sun_direction.z - capsule[i].z;
        float inside = 1.0 - smoothstep(0.6, 1.1, length(miss) / capsule[i].w);
        float body = dot(away, away) > capsule[i].w * capsule[i].w ? 1.0 : 0.0;
        lit *= 1.0 - inside * body * step(0.0, height) * (1.0 - smoothstep(0.9, 1.0, height / capsule_height[i]));
    }
    vec3 ambient = ambient_colour * (0.72 + 0.28 * n.z);
    vec3 light = ambient + sun_colour * (facing * lit);
    vec3 result = albedo * light;
    float fog = 1.0 - exp(-fog_density * length(world - eye));
    result = mix(result, horizon_colour, fog);
    pixel = vec4(sqrt(clamp(result, 0.0, 1.0)), category);
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
    gl_Position = vec4(in_corner, 0.99999, 1.0);
}
"""

SKY_FRAGMENT = """
#version 330
uniform vec3 sun_direction;
uniform vec3 sun_colour;
uniform vec3 zenith_colour;
uniform vec3 horizon_colour;
uniform sampler2D cloud_map;
uniform float cloudiness;
in vec3 direction;
out vec4 pixel;
void main() {
    vec3 d = normalize(direction);
    float height = max(d.z, 0.0);
    vec3 sky = mix(horizon_colour, zenith_colour, sqrt(height));
    vec2 plane = d.xy / (height + 0.12) * 0.11;
    float cover = smoothstep(1.0 - cloudiness, 1.35 - cloudiness, texture(cloud_map, plane).r);
    sky = mix(sky, vec3(0.92, 0.93, 0.95), cover * smoothstep(0.02, 0.2, d.z));
    float disc = max(dot(d, sun_direction), 0.0);
    disc *= disc; disc *= disc; disc *= disc; disc *= disc; disc *= disc;
    sky += sun_colour * (0.12 * disc + 0.8 * smoothstep(0.9993, 0.9997, dot(d, sun_direction)));
    pixel = vec4(sqrt(clamp(sky, 0.0, 1.0)), 0.0);
}
"""
