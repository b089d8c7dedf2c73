import CouchDB
import Testing

@Suite struct MediaTypeTests {
    @Test(arguments: [
        (#"multipart/mixed; boundary="abc""#, "abc"), ("multipart/mixed; boundary=abc", "abc"),
        (#"Multipart/MIXED ;charset=x;BOUNDARY = "a b;c" ; y=z"#, "a b;c"),
        (#"multipart/mixed;boundary="a\"b\\""#, #"a"b\"#),
        ("multipart/mixed; boundary=a; boundary=b", "a"), ("multipart/mixed; boundary=--abc--", "--abc--"),
        ("multipart/mixed;;boundary=abc;", "abc"), ("multipart/mixed; flag; boundary=abc", "abc"),
    ])
    func boundary(header: String, boundary: String) {
        let type = MediaType(header: header)
        #expect(type.name == "multipart/mixed")
        #expect(type.parameters["boundary"] == boundary)
    }

    @Test(arguments: ["multipart/mixed", #"multipart/mixed; boundary="abc"#, "", ";", "multipart/mixed; boundar=x"])
    func noBoundary(header: String) {
        #expect(MediaType(header: header).parameters["boundary"] == nil)
    }
}
