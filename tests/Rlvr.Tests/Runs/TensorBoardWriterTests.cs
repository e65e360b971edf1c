using System.Text;
using Rlvr.Runs;
using Rlvr.Tests.Shared;

namespace Rlvr.Tests.Runs;

public sealed class TensorBoardWriterTests
{
    // RFC 3720, appendix B.4, and the check value of the CRC catalogue.
    [Fact]
    public void The_checksum_is_crc_32c()
    {
        Assert.Equal(0xE3069283u, TensorBoardWriter.Crc("123456789"u8));
        Assert.Equal(0x8A9136AAu, TensorBoardWriter.Crc(new byte[32]));
        Assert.Equal(0x62A8AB43u, TensorBoardWriter.Crc(Enumerable.Repeat((byte)0xff, 32).ToArray()));
        Assert.Equal(0x46DD794Eu, TensorBoardWriter.Crc(Enumerable.Range(0, 32).Select(i => (byte)i).ToArray()));
    }

    // The first record of an events file whose wall time is 0: length 24, its masked checksum, the event, its masked checksum.
    [Fact]
    public void A_record_is_framed_as_tfrecord()
    {
        var record = TensorBoardWriter.Frame([.. new byte[] { 0x09 }, .. new byte[8], 0x1a, 0x0d, .. "brain.Event:2"u8]);
        Assert.Equal("1800000000000000A37F4B22" + "0900000000000000001A0D627261696E2E4576656E743A32" + "EEDF28A3", Convert.ToHexString(record));
    }

    [Fact]
    public void Scalars_are_events_with_a_summary()
    {
        using var folder = new TemporaryFolder();
        using (var writer = new TensorBoardWriter(folder.Path))
            writer.Scalars(300, [("kl", 0.5), ("loss", double.NaN)], seconds: 1);
        var events = Events(Assert.Single(Directory.GetFiles(folder.Path)));
        Assert.Equal(2, events.Count);
        Assert.EndsWith("brain.Event:2", Encoding.ASCII.GetString(events[0]));
        Assert.Equal(
            "09000000000000F03F" + // wall_time = 1.0
            "10AC02" + // step = 300
            "2A0B" + "0A09" + "0A026B6C" + "150000003F", // summary { value { tag: "kl" simple_value: 0.5 } }
            Convert.ToHexString(events[1]));
    }

    [Fact]
    public void A_resumed_file_tells_where_it_goes_on()
    {
        using var folder = new TemporaryFolder();
        using (var writer = new TensorBoardWriter(folder.Path, afterStep: 20))
            writer.Scalars(21, [("kl", 1)]);
        var events = Events(Assert.Single(Directory.GetFiles(folder.Path)));
        Assert.EndsWith("10153A020801", Convert.ToHexString(events[1])); // step = 21, session_log { status: START }
    }

    private static List<byte[]> Events(string path)
    {
        var bytes = File.ReadAllBytes(path);
        var events = new List<byte[]>();
        for (var at = 0; at < bytes.Length;)
        {
            var length = (int)BitConverter.ToUInt64(bytes, at);
            var data = bytes[(at + 12)..(at + 12 + length)];
            Assert.Equal(bytes[at..(at + 16 + length)], TensorBoardWriter.Frame(data));
            events.Add(data);
            at += 16 + length;
        }
        return events;
    }
}
