# Writes OUTPUT, a C++ source that holds each of FILES as bytes: cmake -DOUTPUT=a.cpp "-DFILES=x;y" -P EmbedFiles.cmake
set(entries "")
foreach(file IN LISTS FILES)
  get_filename_component(name ${file} NAME)
  string(MAKE_C_IDENTIFIER ${name} identifier)
  file(READ ${file} bytes HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  string(APPEND arrays "constexpr unsigned char k_${identifier}[] = {${bytes}};\n")
  string(APPEND entries "    {\"${name}\", {reinterpret_cast<const char*>(k_${identifier}), sizeof k_${identifier}}},\n")
endforeach()
file(WRITE ${OUTPUT}
     "#include \"agent/http/assets.h\"\n\nnamespace proctor {\nnamespace {\n\n${arrays}\n}  // namespace\n\n"
     "std::vector<Asset> embedded_assets() {\n  return {\n${entries}  };\n}\n\n}  // namespace proctor\n")
